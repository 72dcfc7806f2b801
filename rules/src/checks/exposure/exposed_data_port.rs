//! `exposed-data-port`.

use super::report::{Kind, findings};
use crate::ports::Category;
use crate::{Check, Evaluation, Explanation, Severity};

pub(super) static CHECK: Check = Check {
    id: "exposed-data-port",
    title: "A database port is open to the internet",
    severity: Severity::Critical,
    evaluation: Evaluation::Effective,
    controls: &[
        "CFW-EXP-010",
        "CFW-EXP-011",
        "CFW-EXP-012",
        "CFW-EXP-013",
        "CFW-EXP-014",
        "CFW-EXP-015",
        "CFW-EXP-016",
        "CFW-EXP-017",
        "CFW-EXP-018",
        "CFW-EXP-019",
    ],
    explanation: Explanation {
        finds: "Rules that open ports of databases, caches, queues and search engines (MySQL, \
                PostgreSQL, SQL Server, Oracle, MongoDB, Redis, Memcached, Elasticsearch, Kibana, \
                Kafka, Cassandra, etcd and others) to the whole internet, to a wide range of it, or \
                to a network that you named. Critical where a path is proved, low where nothing gets \
                in.",
        why: "Many of them trust whoever reaches them, or did by default: open ones are found, \
              copied and wiped by the thousand.",
        example: "security group sg-db opens 5432 (PostgreSQL) to the whole IPv4 internet, and it \
                  can be reached at eni-1",
        instead: "Let in the group of the clients, and give the database no public address.",
        limits: "Services are known by their usual ports. A rule that opens an administrative port \
                 as well is reported by exposed-admin-port, with all its ports.",
        references: &[
            "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html",
            "https://docs.aws.amazon.com/vpc/latest/userguide/vpc-security-groups.html",
        ],
    },
    run: |audit| findings(audit, &CHECK, Kind::Of(Category::Data)),
};
