//! A server on loopback that answers as EC2 and STS do, with pages written by hand.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a fault of the test's own server is a failed test"
)]

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use cloudfw_aws::live::{Keys, RecordOptions, Regions};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

pub(crate) const ACCOUNT: &str = "123456789012";
pub(crate) const REGION: &str = "eu-west-1";

/// Every action that recording may use, with the element of its list.
pub(crate) const ACTIONS: [(&str, &str); 27] = [
    ("DescribeAddresses", "addressesSet"),
    ("DescribeCustomerGateways", "customerGatewaySet"),
    ("DescribeDhcpOptions", "dhcpOptionsSet"),
    ("DescribeEgressOnlyInternetGateways", "egressOnlyInternetGatewaySet"),
    ("DescribeInstances", "reservationSet"),
    ("DescribeInternetGateways", "internetGatewaySet"),
    ("DescribeManagedPrefixLists", "prefixListSet"),
    ("DescribeNatGateways", "natGatewaySet"),
    ("DescribeNetworkAcls", "networkAclSet"),
    ("DescribeNetworkInterfaces", "networkInterfaceSet"),
    ("DescribeRegions", "regionInfo"),
    ("DescribeRouteTables", "routeTableSet"),
    ("DescribeSecurityGroupVpcAssociations", "securityGroupVpcAssociationSet"),
    ("DescribeSecurityGroups", "securityGroupInfo"),
    ("DescribeSubnets", "subnetSet"),
    ("DescribeTransitGatewayAttachments", "transitGatewayAttachments"),
    ("DescribeTransitGatewayRouteTables", "transitGatewayRouteTables"),
    ("DescribeTransitGatewayVpcAttachments", "transitGatewayVpcAttachments"),
    ("DescribeTransitGateways", "transitGatewaySet"),
    ("DescribeVpcBlockPublicAccessExclusions", "vpcBlockPublicAccessExclusionSet"),
    ("DescribeVpcBlockPublicAccessOptions", "vpcBlockPublicAccessOptions"),
    ("DescribeVpcEndpoints", "vpcEndpointSet"),
    ("DescribeVpcPeeringConnections", "vpcPeeringConnectionSet"),
    ("DescribeVpcs", "vpcSet"),
    ("DescribeVpnConnections", "vpnConnectionSet"),
    ("DescribeVpnGateways", "vpnGatewaySet"),
    ("GetManagedPrefixListEntries", "entrySet"),
];

/// A server with an empty account.
pub(crate) struct Ec2 {
    server: MockServer,
}

impl Ec2 {
    /// Answers each of these actions with its replies in turn, the last one for ever, and all
    /// others with an empty list.
    pub(crate) async fn answering(replies: Vec<(&'static str, Vec<ResponseTemplate>)>) -> Self {
        let server = MockServer::start().await;
        let answers = Answers { replies: replies.into_iter().collect(), asked: Mutex::default() };
        Mock::given(method("POST")).respond_with(answers).mount(&server).await;
        Self { server }
    }

    pub(crate) fn options(&self, to: &Path) -> RecordOptions {
        options(&self.server.uri(), to)
    }

    /// The bodies of the requests for one action.
    pub(crate) async fn asked(&self, action: &str) -> Vec<BTreeMap<String, String>> {
        let all = self.all_asked().await;
        all.into_iter().filter(|form| form["Action"] == action).collect()
    }

    /// The bodies of all requests.
    pub(crate) async fn all_asked(&self) -> Vec<BTreeMap<String, String>> {
        self.server.received_requests().await.unwrap().iter().map(form).collect()
    }
}

/// Options that never look at the environment for credentials, Region or server.
pub(crate) fn options(url: &str, to: &Path) -> RecordOptions {
    RecordOptions {
        keys: Some(Keys {
            access_key_id: "AKIAIOSFODNN7EXAMPLE".to_owned(),
            secret_access_key: "not-a-secret".to_owned(),
            session_token: None,
        }),
        regions: Regions::These(vec![REGION.to_owned()]),
        endpoint_url: Some(url.to_owned()),
        calls_per_second: NonZeroU32::new(1000).unwrap(),
        attempts: NonZeroU32::new(2).unwrap(),
        timeout: Duration::from_secs(5),
        ..RecordOptions::new(to)
    }
}

struct Answers {
    replies: BTreeMap<&'static str, Vec<ResponseTemplate>>,
    asked: Mutex<BTreeMap<String, usize>>,
}

impl Respond for Answers {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let action = form(request)["Action"].clone();
        let mut asked = self.asked.lock().unwrap();
        let turn = asked.entry(action.clone()).or_default();
        *turn += 1;
        match self.replies.get(action.as_str()) {
            Some(replies) => replies[(*turn - 1).min(replies.len() - 1)].clone(),
            None if action == "GetCallerIdentity" => identity(ACCOUNT),
            None => empty(&action),
        }
    }
}

fn form(request: &Request) -> BTreeMap<String, String> {
    let body = String::from_utf8(request.body.clone()).unwrap();
    let pairs = body.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

pub(crate) fn identity(account: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_string(format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\">\
         <GetCallerIdentityResult><Arn>arn:aws:iam::{account}:user/a</Arn><UserId>AIDA</UserId>\
         <Account>{account}</Account></GetCallerIdentityResult>\
         <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    ))
}

/// An answer: what stands in it after the request's id.
pub(crate) fn answer(action: &str, content: &str) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_string(answer_text(action, content))
}

pub(crate) fn answer_text(action: &str, content: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<{action}Response \
         xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\"><requestId>1</requestId>{content}\
         </{action}Response>"
    )
}

/// The answer of an account that has nothing.
pub(crate) fn empty(action: &str) -> ResponseTemplate {
    match empty_text(action) {
        Some(text) => ResponseTemplate::new(200).set_body_string(text),
        None => fault(400, "InvalidAction", &format!("The action {action} is not valid")),
    }
}

pub(crate) fn empty_text(action: &str) -> Option<String> {
    let (_, list) = ACTIONS.iter().find(|(name, _)| *name == action)?;
    Some(answer_text(action, &format!("<{list}/>")))
}

/// An error in EC2's form.
pub(crate) fn fault(status: u16, code: &str, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_string(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code>\
         <Message>{message}</Message></Error></Errors><RequestID>1</RequestID></Response>"
    ))
}
