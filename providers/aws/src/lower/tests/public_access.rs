//! Block Public Access: whose options count, and what contradicts them (AWS-72).

use super::*;

const OPTIONS: &str = "VpcBlockPublicAccessOptions";

/// What Block Public Access lets in at the internet gateway; none where it does not stand there.
fn inbound(lowered: &Lowered) -> Option<Vec<String>> {
    let stack = &gateway_of(lowered, "igw-1").stack;
    let of = |filter: &&Id<Filter>| filter.as_str().starts_with("block public access");
    let filter = stack.filters.iter().find(of)?.as_str();
    Some(rules(lowered, filter, Direction::Ingress))
}

fn options(account: &str, region: &str, mode: &str) -> Value {
    json!({ OPTIONS: {
        "AwsAccountId": account, "AwsRegion": region, "State": "update-complete",
        "InternetGatewayBlockMode": mode, "ExclusionsAllowed": "allowed",
    }})
}

/// The estate without its options, in a folder that says nothing, and these documents beside it.
fn flat(others: &[Value]) -> Lowered {
    let mut estate = estate();
    estate.as_object_mut().expect("an object").remove(OPTIONS);
    let mut documents = vec![document("estate.json", "", "", &estate)];
    for (i, other) in others.iter().enumerate() {
        documents.push(document(&format!("options-{i}.json"), "", "", other));
    }
    let options = LowerOptions { assume_none: AssumeNone::All };
    lower(&documents, &options).expect("readable documents")
}

const NOT_KNOWN: [&str; 2] = ["? allow any ?", "* deny any"];

fn not_known() -> Option<Vec<String>> {
    Some(NOT_KNOWN.map(str::to_owned).to_vec())
}

#[test]
fn aws_72_options_of_another_region_or_account_say_nothing() {
    for (account, region) in [("111122223333", "us-east-1"), ("999900001111", "eu-central-1")] {
        for mode in ["off", "block-bidirectional"] {
            let lowered = flat(&[options(account, region, mode)]);
            assert_eq!(inbound(&lowered), not_known(), "{account} {region} {mode}");
        }
    }
}

#[test]
fn aws_72_options_of_two_regions_each_count_for_their_own() {
    let own = |mode| options("111122223333", "eu-central-1", mode);
    let other = |mode| options("111122223333", "us-east-1", mode);
    assert_eq!(inbound(&flat(&[own("off"), other("block-bidirectional")])), None);
    let blocked = inbound(&flat(&[own("block-bidirectional"), other("off")])).expect("a filter");
    assert_eq!(blocked, ["* deny any"]);
}

#[test]
fn aws_72_options_that_contradict_their_folder_are_not_known_to_count() {
    for (account, region) in [("111122223333", "us-east-1"), ("999900001111", "eu-central-1")] {
        let mut estate = estate();
        estate[OPTIONS] = options(account, region, "off")[OPTIONS].take();
        assert_eq!(inbound(&lowered(&estate)), not_known(), "{account} {region}");
    }
}

#[test]
fn aws_72_off_while_a_vpc_or_a_subnet_says_that_it_is_blocked_is_not_known() {
    for place in ["/Vpcs/0", "/Subnets/0"] {
        let mut estate = estate();
        let object = estate.pointer_mut(place).expect("an object");
        object["BlockPublicAccessStates"] =
            json!({"InternetGatewayBlockMode": "block-bidirectional"});
        assert_eq!(inbound(&lowered(&estate)), not_known(), "{place}");
    }
}

#[test]
fn aws_72_an_exclusion_of_another_account_is_not_known_to_hold() {
    let excluded = |arn: &str| {
        let mut estate = estate();
        estate[OPTIONS] =
            options("111122223333", "eu-central-1", "block-bidirectional")[OPTIONS].take();
        estate["VpcBlockPublicAccessExclusions"] = json!([{
            "ResourceArn": arn, "State": "create-complete",
            "InternetGatewayExclusionMode": "allow-bidirectional",
        }]);
        inbound(&lowered(&estate)).expect("a filter")
    };
    for subject in ["vpc/vpc-1", "subnet/subnet-a"] {
        let is_doubtful = |of: &str| excluded(&format!("{of}:{subject}"))[0].ends_with('?');
        assert!(!is_doubtful("arn:aws:ec2:eu-central-1:111122223333"), "{subject}");
        assert!(is_doubtful("arn:aws:ec2:eu-central-1:999900001111"), "{subject}");
        assert!(is_doubtful("arn:aws:ec2:us-east-1:111122223333"), "{subject}");
    }
}
