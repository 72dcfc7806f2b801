//! `cloudfw record azure`, with an `az` and an Azure Resource Manager of the test's own.

use std::path::Path;
use std::process::Command;

use crate::run::{cloudfw, root};

/// An `az` that answers from the scenario `recording-that-is-complete`, in two pages where it is
/// asked for addresses, and is denied the route tables.
const AZ: &str = r#"#!/bin/sh
echo "$@" >> "$LOG"
page() { printf '{\n  "value": %s,\n  "nextLink": %s\n}\n' "$1" "$2"; }
case "$*" in
*"account list"*) echo 00000000-0000-0000-0000-000000000001 ;;
*"group list"*) echo /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg ;;
*"vmss list"* | *"nic list "*) ;;
*/virtualNetworks\?*) cat "$FROM/vnets.json" ;;
*/networkInterfaces\?*) cat "$FROM/nics.json" ;;
*/virtualMachines\?*) cat "$FROM/vms.json" ;;
*/networkSecurityGroups\?*) cat "$FROM/nsgs.json" ;;
*/publicIPAddresses\?more*) cat "$FROM/public-ips.json" ;;
*/publicIPAddresses\?*) page '[]' '"https://management.azure.com/x/publicIPAddresses?more"' ;;
*/routeTables\?*)
    echo 'ERROR: (AuthorizationFailed) The client does not have authorization.' >&2; exit 1 ;;
*listNetworkManagerEffectiveSecurityAdminRules*) echo '[]' ;;
*/serviceTags\?*) printf '{\n  "cloud": "Public",\n  "values": []\n}\n' ;;
*) page '[]' null ;;
esac
"#;

fn script(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(path, mode).unwrap();
}

#[test]
fn a_recording_by_hand_keeps_what_was_denied() {
    let home = tempfile::tempdir().unwrap();
    let run = cloudfw(&["record", "azure", "--print-commands", "--to", "rec"]);
    assert_eq!(run.code, 0, "{}", run.err);
    script(&home.path().join("bin/az"), AZ);
    let path = format!("{}:{}", home.path().join("bin").display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-uc", &run.out]).current_dir(home.path()).env("PATH", path);
    shell.env("LOG", home.path().join("log"));
    shell.env("FROM", root().join("testdata/azure/recording-that-is-complete"));
    let done = shell.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&done.stderr), "");
    assert_eq!(String::from_utf8_lossy(&done.stdout), "");
    let folder = home.path().join("rec/accounts/00000000-0000-0000-0000-000000000001");
    assert!(folder.join("network-public-ip-list.2.json").exists());
    let of_route_tables = "network-route-table-list";
    assert!(folder.join(format!("{of_route_tables}.err")).exists());
    assert!(!folder.join(format!("{of_route_tables}.1.json")).exists());

    let from = home.path().join("rec");
    let from = from.to_str().unwrap();
    let run = cloudfw(&["reach", "internet", "web:80", "--from", from, "-o", "json"]);
    let answer = &run.json()[0];
    assert_eq!(answer["coverage"]["warnings"], serde_json::json!([]));
    let not_read = answer["coverage"]["scopes"][0]["not_read"].as_array().unwrap();
    assert!(not_read.iter().all(|one| one["outcome"] == "denied"), "{not_read:?}");
    let mut told: Vec<_> = not_read.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    told.sort_unstable();
    // Who may not list the route tables of a subscription does not see all of its groups.
    let denied = [
        "LocalNetworkGateways",
        "RouteTables",
        "VirtualNetworkGatewayConnections",
        "VirtualNetworkGateways",
    ];
    assert_eq!(told, denied);
    // What `az` said of it is read as well: no file is left over.
    assert_eq!(answer["coverage"]["other_files"], serde_json::Value::Null);
    let read = &answer["coverage"]["scopes"][0]["read"];
    for (kind, count) in [("PublicIpAddresses", 1), ("NetworkInterfaces", 2), ("LoadBalancers", 0)]
    {
        assert_eq!(read[kind], count, "{kind}: {read}");
    }
}

#[test]
fn the_role_needs_no_cloud() {
    let run = cloudfw(&["record", "azure", "--print-policy"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let role: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    let actions = role["Actions"].as_array().unwrap();
    assert!(actions.contains(&"Microsoft.Network/virtualNetworks/read".into()));
    let of = |words: &[&str]| {
        let run = cloudfw(&[&["record", "azure", "--print-policy"], words].concat());
        assert_eq!(run.code, 0, "{}", run.err);
        run.out
    };
    assert!(!run.out.contains("effective"));
    assert!(of(&["--effective"]).contains("networkInterfaces/effectiveRouteTable/action"));
    assert!(of(&["--subscription", "s-1"]).contains("\"/subscriptions/s-1\""));
    assert!(of(&["--management-group", "corp"]).contains("managementGroups/descendants/read"));
}

#[cfg(not(feature = "azure-live"))]
#[test]
fn record_says_how_to_get_live_collection() {
    let run = cloudfw(&["record", "azure", "--to", "nowhere"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("cargo build -p cloudfw"), "{}", run.err);
}

#[cfg(feature = "azure-live")]
mod live {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::path::Path;
    use std::sync::{Arc, Mutex};

    use serde_json::{Value, json};

    use crate::run::{Run, cloudfw, command, finish};

    const ONE: &str = "00000000-0000-0000-0000-000000000001";
    const TWO: &str = "00000000-0000-0000-0000-000000000002";
    const TOKEN: &str = "s3cr3t-t0k3n";

    /// Serves the subscription `one`, and refuses whatever is asked of `two`. Gives its address and
    /// what it was asked.
    fn server(subscriptions: &'static [&'static str]) -> (String, Arc<Mutex<Vec<String>>>) {
        server_for_a_while(subscriptions, usize::MAX)
    }

    /// The same, where the token expires after so many requests.
    fn server_for_a_while(
        subscriptions: &'static [&'static str],
        good_for: usize,
    ) -> (String, Arc<Mutex<Vec<String>>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let log = Arc::new(Mutex::new(Vec::new()));
        let asked = Arc::clone(&log);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let asked = Arc::clone(&asked);
                std::thread::spawn(move || serve(stream.unwrap(), subscriptions, good_for, &asked));
            }
        });
        (url, log)
    }

    fn serve(
        mut stream: TcpStream,
        subscriptions: &[&str],
        good_for: usize,
        log: &Mutex<Vec<String>>,
    ) {
        let mut request = Vec::new();
        let mut buffer = [0; 4096];
        let (head, body) = loop {
            let read = stream.read(&mut buffer).unwrap_or(0);
            request.extend_from_slice(&buffer[..read]);
            let text = String::from_utf8_lossy(&request).into_owned();
            let length = text.to_ascii_lowercase();
            let length = length.split("content-length: ").nth(1).and_then(|it| it.lines().next());
            let length: usize = length.map_or(0, |it| it.trim().parse().unwrap());
            match text.split_once("\r\n\r\n") {
                Some((head, body)) if body.len() >= length => {
                    break (head.to_owned(), body.to_owned());
                }
                _ if read == 0 => return,
                _ => {}
            }
        };
        let path = head.split_whitespace().nth(1).unwrap().split('?').next().unwrap().to_owned();
        let is_known = head.contains(&format!("Bearer {TOKEN}"));
        let is_expired = {
            let mut log = log.lock().unwrap();
            log.push(path.clone());
            log.len() > good_for
        };
        let (status, body) = match () {
            () if is_expired => {
                let message = format!("Expired: {TOKEN}");
                (401, json!({"error": {"code": "ExpiredAuthenticationToken", "message": message}}))
            }
            () if !is_known => (401, json!({"error": {"code": "InvalidAuthenticationToken"}})),
            () if path.contains(TWO) || body.contains(TWO) => {
                (403, json!({"error": {"code": "AuthorizationFailed", "message": "No."}}))
            }
            () => (200, answer(&path, subscriptions)),
        };
        let body = body.to_string();
        let _ = write!(
            stream,
            "HTTP/1.1 {status} -\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
            body.len()
        );
    }

    fn id(kind: &str, name: &str) -> String {
        format!("/subscriptions/{ONE}/resourceGroups/rg/providers/Microsoft.{kind}/{name}")
    }

    fn answer(path: &str, subscriptions: &[&str]) -> Value {
        let of = |kind: &str, name: &str, properties: Value| {
            let kinds = kind.replace("Network/", "Microsoft.Network/");
            let kinds = kinds.replace("Compute/", "Microsoft.Compute/");
            let (service, _) = kind.split_once('/').unwrap();
            let short = kind.split_once('/').unwrap().1;
            json!({"id": id(service, &format!("{short}/{name}")), "name": name, "type": kinds,
                "location": "westeurope", "properties": properties})
        };
        let interface = |name: &str, address: &str| {
            let mut one = json!({"primary": true, "privateIPAddress": address,
                "privateIPAddressVersion": "IPv4",
                "subnet": {"id": id("Network", "virtualNetworks/vnet/subnets/front")}});
            if name == "web" {
                one["publicIPAddress"] = json!({"id": id("Network", "publicIPAddresses/ip")});
            }
            let nic = format!("{name}-nic");
            let own = id("Network", &format!("networkInterfaces/{nic}/ipConfigurations/one"));
            of(
                "Network/networkInterfaces",
                &nic,
                json!({
                "ipConfigurations": [{"id": own, "name": "one", "properties": one}],
                "networkSecurityGroup": {"id": id("Network", "networkSecurityGroups/nsg")},
                "virtualMachine": {"id": id("Compute", &format!("virtualMachines/{name}"))}}),
            )
        };
        let machine = |name: &str| {
            let nic = id("Network", &format!("networkInterfaces/{name}-nic"));
            of(
                "Compute/virtualMachines",
                name,
                json!({
                "storageProfile": {"osDisk": {"osType": "Linux"}},
                "networkProfile": {"networkInterfaces": [{"id": nic}]}}),
            )
        };
        let elements = match path.rsplit('/').next().unwrap() {
            "subscriptions" => subscriptions
                .iter()
                .map(
                    |id| json!({"subscriptionId": id, "displayName": format!("sub-{}", &id[35..])}),
                )
                .collect(),
            "resourceGroups" => vec![json!({"name": "rg"})],
            "resources" => ["web", "db"]
                .map(|name| {
                    json!({"id": id("Compute", &format!("virtualMachines/{name}")),
                        "code": "PowerState/running", "displayStatus": "VM running"})
                })
                .to_vec(),
            "virtualNetworks" => vec![of(
                "Network/virtualNetworks",
                "vnet",
                json!({
                "addressSpace": {"addressPrefixes": ["10.1.0.0/16"]},
                "subnets": [{"id": id("Network", "virtualNetworks/vnet/subnets/front"),
                    "name": "front", "properties": {"addressPrefix": "10.1.1.0/24"}}],
"virtualNetworkPeerings": []}),
            )],
            "networkInterfaces" => vec![interface("web", "10.1.1.4"), interface("db", "10.1.1.5")],
            "virtualMachines" => vec![machine("web"), machine("db")],
            "networkSecurityGroups" => vec![of(
                "Network/networkSecurityGroups",
                "nsg",
                json!({
                "securityRules": [{"name": "allow-https", "properties": {
                    "access": "Allow", "direction": "Inbound", "priority": 100, "protocol": "Tcp",
                    "sourceAddressPrefix": "*", "sourcePortRange": "*",
                    "destinationAddressPrefix": "*", "destinationPortRange": "443"}}]}),
            )],
            "publicIPAddresses" => {
                let mut address = of(
                    "Network/publicIPAddresses",
                    "ip",
                    json!({
                    "ipAddress": "203.0.113.10", "publicIPAddressVersion": "IPv4",
                    "publicIPAllocationMethod": "Static",
                    "ipConfiguration": {"id": id("Network", "networkInterfaces/web-nic/ipConfigurations/one")}}),
                );
                address["sku"] = json!({"name": "Standard"});
                vec![address]
            }
            _ => Vec::new(),
        };
        json!({"value": elements, "data": elements, "values": []})
    }

    /// `cloudfw record azure` into `rec`, with an `az` that gives a token.
    fn record(home: &Path, az: &str, words: &[&str]) -> Run {
        let bin = home.join("bin");
        super::script(&bin.join("az"), az);
        let path = format!("{}:{}", bin.display(), std::env::var("PATH").unwrap());
        let mut command =
            command(&[&["record", "azure", "--to", "rec", "--rate", "500"], words].concat());
        let run = finish(command.current_dir(home).env("PATH", path), "");
        assert!(!run.out.contains(TOKEN) && !run.err.contains(TOKEN), "{}{}", run.out, run.err);
        run
    }

    /// Without the line breaks of a narrow terminal.
    fn words(text: &str) -> String {
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn az() -> String {
        format!(
            "#!/bin/sh\n[ \"$*\" = 'account get-access-token -o json --scope \
             https://management.azure.com/.default' ] || exit 1\n\
             echo '{{\"accessToken\": \"{TOKEN}\", \"expires_on\": 4000000000, \
             \"tokenType\": \"Bearer\"}}'\n"
        )
    }

    #[test]
    fn a_recording_of_a_subscription_is_complete_and_answers() {
        let home = tempfile::tempdir().unwrap();
        let (url, _) = server(&[ONE]);
        let run = record(home.path(), &az(), &["--endpoint", &url]);
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        assert!(run.out.contains("recorded subscription sub-1 into rec"), "{}", run.out);
        let from = home.path().join("rec");
        let from = from.to_str().unwrap();
        for (source, destination, verdict) in [
            ("web", "db:443", "reachable"),
            ("internet", "web:443", "reachable"),
            ("internet", "web:80", "unreachable"),
        ] {
            let run = cloudfw(&["reach", source, destination, "--from", from, "-o", "json"]);
            let answer = &run.json()[0];
            assert_eq!(answer["verdict"], verdict, "{source} {destination}: {}", run.out);
            for scope in answer["coverage"]["scopes"].as_array().unwrap() {
                assert!(scope.get("not_read").is_none(), "{scope}");
            }
            assert_eq!(answer["coverage"]["warnings"], json!([]));
        }
    }

    #[test]
    fn a_denied_subscription_is_3_and_said() {
        let home = tempfile::tempdir().unwrap();
        let (url, _) = server(&[ONE, TWO]);
        let run = record(home.path(), &az(), &["--endpoint", &url]);
        assert_eq!(run.code, 3, "{}{}", run.out, run.err);
        let told = words(&run.out);
        assert!(told.contains("network vnet list (AuthorizationFailed) in sub-2"), "{}", run.out);
        assert!(told.contains("cloudfw record azure --print-policy"), "{}", run.out);
        // What is in the other subscription is not known; what is in this one is.
        let from = home.path().join("rec");
        let from = from.to_str().unwrap();
        let run = cloudfw(&["reach", "internet", "web:80", "--from", from]);
        assert_eq!(run.code, 1, "{}", run.out);
        let run = cloudfw(&["audit", "--from", from]);
        assert_ne!(run.code, 0, "{}", run.out);
    }

    #[test]
    fn the_user_says_which_subscription() {
        let home = tempfile::tempdir().unwrap();
        let (url, log) = server(&[ONE, TWO]);
        let run = record(home.path(), &az(), &["--endpoint", &url, "--subscription", "SUB-1"]);
        assert_eq!(run.code, 0, "{}{}", run.out, run.err);
        assert!(log.lock().unwrap().iter().all(|path| !path.contains(TWO)));
        let run = record(home.path(), &az(), &["--endpoint", &url, "--subscription", TWO]);
        assert_eq!(run.code, 2, "{}{}", run.out, run.err);
        assert!(run.err.contains("AuthorizationFailed") && run.err.contains("--print-policy"));
    }

    #[test]
    fn a_token_that_expires_on_the_way_and_has_no_other_is_3() {
        let home = tempfile::tempdir().unwrap();
        let (url, _) = server_for_a_while(&[ONE], 12);
        let run = record(home.path(), &az(), &["--endpoint", &url]);
        assert_eq!(run.code, 3, "{}{}", run.out, run.err);
        assert!(words(&run.out).contains("(ExpiredAuthenticationToken)"), "{}", run.out);
        for file in std::fs::read_dir(home.path().join("rec/accounts").join(ONE)).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            assert!(!text.contains(TOKEN), "{text}");
        }
    }

    #[test]
    fn who_is_not_logged_in_is_told_what_to_do() {
        let home = tempfile::tempdir().unwrap();
        let (url, log) = server(&[ONE]);
        let az =
            "#!/bin/sh\necho \"ERROR: Please run 'az login' to set up an account.\" >&2\nexit 1\n";
        let run = record(home.path(), az, &["--endpoint", &url, "--credential", "cli"]);
        assert_eq!(run.code, 2, "{}{}", run.out, run.err);
        assert!(words(&run.err).contains("Please run 'az login'"), "{}", run.err);
        assert!(!home.path().join("rec").exists() && log.lock().unwrap().is_empty());
    }

    #[test]
    fn the_token_goes_to_no_unsafe_place() {
        let home = tempfile::tempdir().unwrap();
        let run = record(home.path(), &az(), &["--endpoint", "http://192.0.2.1"]);
        assert_eq!(run.code, 2, "{}{}", run.out, run.err);
        assert!(words(&run.err).contains("only `https` is safe"), "{}", run.err);
    }
}
