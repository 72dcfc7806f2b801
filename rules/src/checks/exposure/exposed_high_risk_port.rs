//! `exposed-high-risk-port`.

use super::report::{Kind, findings};
use crate::ports::Category;
use crate::{Check, Evaluation, Explanation, Severity};

pub(super) static CHECK: Check = Check {
    id: "exposed-high-risk-port",
    title: "A high-risk port is open to the internet",
    severity: Severity::Critical,
    evaluation: Evaluation::Effective,
    controls: &[
        "CFW-EXP-005",
        "CFW-EXP-020",
        "CFW-EXP-021",
        "CFW-EXP-022",
        "CFW-EXP-023",
        "CFW-EXP-024",
    ],
    explanation: Explanation {
        finds: "Rules that open FTP, Telnet, SMB and NetBIOS (critical where proved), or LDAP, \
                Kerberos, mail, RPC, NFS, rsync, SNMP, TFTP, SSDP and the development ports of \
                Security Hub EC2.19 (high where proved) to the whole internet, to a wide range of \
                it, or to a network that you named.",
        why: "They speak in clear, are made for a network of friends, have a history of worms, or \
              multiply the traffic of whoever forges its sender.",
        example: "security group sg-1 opens 445 (SMB) to the whole IPv4 internet, and nothing gets \
                  in: acl-1 ingress 90 deny tcp 445 stops it",
        instead: "Keep them inside the network; use SFTP or HTTPS for files, LDAPS over a private \
                  link, and a mail service for mail.",
        limits: "Services are known by their usual ports. A rule that opens administrative or \
                 database ports as well is reported by the check of those.",
        references: &[
            "https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html",
            "https://www.cisecurity.org/benchmark/amazon_web_services",
        ],
    },
    run: |audit| findings(audit, &CHECK, Kind::Of(Category::HighRisk)),
};
