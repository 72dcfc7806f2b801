//! The lines that make a recording with `az` alone.

use std::fmt::Write as _;
use std::path::Path;

use super::{LISTINGS, Listing, NETWORK_VERSION, Of, Subscriptions, Wanted};
use crate::kind::Kind;

/// What the lines begin with: a row of the manifest; a list with its row, each page in a file of its
/// own; an answer for one resource, which is named beside it; the ids in the files of a list. A call
/// that fails leaves no document, what `az` said of it, and a row that says so.
const BEGIN: &str = r#"row() { # CALL OUTCOME MORE
  printf '%s\n{"account": "%s", "call": "%s", "outcome": "%s"%s}' "$comma" "$sub" "$1" "$2" "$3" >> "$dir/manifest.json"; comma=,
}
failed() { # FILE CALL MORE
  rm -f "$dir/$1".[0-9]*.json
  if grep -q AuthorizationFailed "$dir/$1.err"; then row "$2" denied "$3"; else row "$2" failed "$3"; fi
}
list() { # FILE CALL MORE QUERY URL
  page=0; count=', "count": 0'; url=$5
  while [ -n "$url" ] && [ "$page" -lt 1000 ]; do
    page=$((page + 1)); doc=$dir/$1.$page.json
    az rest --method get --url "$url" --query "$4" -o json > "$doc.new" 2> "$dir/$1.err" || { rm -f "$doc.new"; failed "$1" "$2" "$3"; return; }
    grep -q '^  "value": \[\]' "$doc.new" || count=
    url=$(sed -n 's/^  "nextLink": "\(.*\)",\{0,1\}$/\1/p' "$doc.new")
    sed 's/^  "nextLink": ".*"/  "nextLink": null/' "$doc.new" > "$doc"; rm -f "$doc.new"
  done
  [ -z "$url" ] || { echo "the answer never ends" > "$dir/$1.err"; failed "$1" "$2" "$3"; return; }
  rm -f "$dir/$1.err"; row "$2" ok "$3$count"
}
one() { # FILE CALL KEY ID az-words...
  file=$1; call=$2; key=$3; of=$4; shift 4
  if answer=$("$@" -o json 2> "$dir/$file.err") && [ -n "$answer" ]; then
    printf '{"%s": {"id": "%s"}, "value": %s}\n' "$key" "$of" "$answer" > "$dir/$file.json"
    rm -f "$dir/$file.err"; row "$call" ok ", \"resource\": \"$of\""
  else
    failed "$file" "$call" ", \"resource\": \"$of\""
  fi
}
told() { cat /dev/null "$dir/$2".[0-9]*.json 2> /dev/null | sed -n "s/^      \"$1\": \"\(.*\)\",\{0,1\}$/\1/p" | sort -u; }
"#;

/// What all resources have.
const COMMON: &str = "id: id, name: name, type: type, location: location, tags: tags";

/// The fields that are kept of a kind whose answers may hold secrets: shared keys, service keys,
/// scripts of extensions, headers of requests.
fn kept(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::VirtualMachines | Kind::VirtualMachineScaleSetVms => {
            "networkProfile: networkProfile, networkProfileConfiguration: \
             networkProfileConfiguration, virtualMachineScaleSet: virtualMachineScaleSet, \
             storageProfile: storageProfile.{osDisk: osDisk.{osType: osType}}, instanceView: \
             instanceView.{statuses: statuses[].{code: code}}"
        }
        Kind::VirtualMachineScaleSets => {
            "orchestrationMode: orchestrationMode, virtualMachineProfile: \
             virtualMachineProfile.{networkProfile: networkProfile}"
        }
        Kind::VirtualNetworkGateways => {
            "gatewayType: gatewayType, vpnType: vpnType, ipConfigurations: ipConfigurations, \
             activeActive: activeActive, enableBgp: enableBgp, gatewayDefaultSite: \
             gatewayDefaultSite, customRoutes: customRoutes, bgpSettings: bgpSettings, natRules: \
             natRules, sku: sku, vpnClientConfiguration: \
             vpnClientConfiguration.{vpnClientAddressPool: vpnClientAddressPool}"
        }
        Kind::VirtualNetworkGatewayConnections => {
            "connectionType: connectionType, connectionStatus: connectionStatus, \
             virtualNetworkGateway1: virtualNetworkGateway1.{id: id}, virtualNetworkGateway2: \
             virtualNetworkGateway2.{id: id}, localNetworkGateway2: localNetworkGateway2.{id: id}, \
             peer: peer.{id: id}, enableBgp: enableBgp, routingWeight: routingWeight, \
             usePolicyBasedTrafficSelectors: usePolicyBasedTrafficSelectors, \
             trafficSelectorPolicies: trafficSelectorPolicies"
        }
        Kind::ApplicationGateways => {
            "gatewayIPConfigurations: gatewayIPConfigurations, frontendIPConfigurations: \
             frontendIPConfigurations"
        }
        // Nothing is concluded from what they hold.
        Kind::ExpressRouteCircuits | Kind::FirewallPolicyRuleCollectionGroups => {
            "provisioningState: provisioningState"
        }
        _ => return None,
    })
}

/// What is printed of an answer.
fn query(kind: Kind) -> String {
    let value = match kept(kind) {
        Some(fields) => {
            format!("value[].{{{COMMON}, sku: sku, properties: properties.{{{fields}}}}}")
        }
        None => "value".to_owned(),
    };
    format!("'{{value: {value}, nextLink: nextLink}}'")
}

/// Plain `az` commands for those who may not run cloudfw where the credentials are. They make the
/// folders that `cloudfw record` makes, with a manifest, and leave `*.err` with what `az` said of
/// each call that failed. They do not tell which machines run.
pub fn print_commands(wanted: &Wanted, to: &Path) -> String {
    let mut lines = BEGIN.to_owned();
    // Writing to a string cannot fail.
    let _ = of_subscriptions(&mut lines, wanted, &quoted(&to.display().to_string()));
    lines
}

fn of_subscriptions(lines: &mut String, wanted: &Wanted, to: &str) -> std::fmt::Result {
    let subscriptions = match &wanted.subscriptions {
        Subscriptions::All => "$(az account list --query '[].id' -o tsv)".to_owned(),
        Subscriptions::These(names) => {
            let one =
                |name: &String| format!("$(az account show -n {} --query id -o tsv)", quoted(name));
            names.iter().map(one).collect::<Vec<_>>().join(" ")
        }
        Subscriptions::ManagementGroup(group) => format!(
            "$(az rest --method get --url {} --query \
             \"value[?ends_with(type, '/subscriptions')].name\" -o tsv)",
            quoted(&format!(
                "/providers/Microsoft.Management/managementGroups/{group}/descendants\
                 ?api-version=2020-05-01"
            ))
        ),
    };
    writeln!(lines, "for sub in {subscriptions}; do")?;
    writeln!(lines, "dir={to}/accounts/${{sub:?}}; mkdir -p \"$dir\"; comma=")?;
    writeln!(
        lines,
        "printf '{{\"schema\": \"cloudfw.manifest/1\", \"cloud\": \"azure\", \"calls\": [' > \
         \"$dir/manifest.json\""
    )?;
    for listing in &LISTINGS {
        listed(lines, listing)?;
    }
    let (networks, rules) = (file(Kind::VirtualNetworks), Kind::SecurityAdminRules);
    let version = NETWORK_VERSION;
    writeln!(
        lines,
        "n=0; for id in $(told id {networks}); do n=$((n + 1)); one {}.$n '{}' virtualNetwork \
         \"$id\" az rest --method post --body '{{}}' --query value --url \
         \"$id/listNetworkManagerEffectiveSecurityAdminRules?api-version={version}\"; done",
        file(rules),
        rules.call()
    )?;
    let tags = Kind::ServiceTags;
    writeln!(
        lines,
        "for place in $(told location {networks}); do list {}.$place '{}' \", \\\"region\\\": \
         \\\"$place\\\"\" '{{cloud: cloud, changeNumber: changeNumber, values: values, nextLink: \
         nextLink}}' \"/subscriptions/$sub/providers/Microsoft.Network/locations/$place/serviceTags\
         ?api-version={version}\"; done",
        file(tags),
        tags.call()
    )?;
    if wanted.effective {
        for kind in [Kind::EffectiveNetworkSecurityGroups, Kind::EffectiveRouteTables] {
            effective(lines, kind)?;
        }
    }
    lines.push_str("echo ']}' >> \"$dir/manifest.json\"\n");
    // Of the calls that were answered.
    lines.push_str("find \"$dir\" -name '*.err' -size 0 -exec rm -f {} +\ndone\n");
    Ok(())
}

/// The lines of one list.
fn listed(lines: &mut String, listing: &Listing) -> std::fmt::Result {
    let (kind, arm_type) = (listing.kind, listing.arm_type());
    let (file, call, query) = (file(kind), kind.call(), query(kind));
    let last = arm_type.rsplit('/').next().unwrap_or_default();
    let parameters = listing.parameters().map(|(key, value)| format!("{key}={value}"));
    let parameters = parameters.collect::<Vec<_>>().join("&");
    // A shell takes `$expand` for a variable.
    let parameters = parameters.replace('$', "\\$");
    match listing.of {
        Of::Subscription => writeln!(
            lines,
            "list {file} '{call}' '' {query} \
             \"/subscriptions/$sub/providers/{arm_type}?{parameters}\""
        ),
        // Who was denied a list of the subscription does not see all of its groups.
        Of::ResourceGroups => writeln!(
            lines,
            "if grep -q '\"outcome\": \"denied\"' \"$dir/manifest.json\"; then row '{call}' \
             denied ''; fi; n=0; groups=$(az group list --subscription \"$sub\" --query '[].id' -o tsv 2> \
             \"$dir/{file}.err\") || failed {file} '{call}' ''; for group in $groups; do n=$((n + \
             1)); list {file}.$n '{call}' '' {query} \
             \"$group/providers/{arm_type}?{parameters}\"; done"
        ),
        Of::Each(parent) => writeln!(
            lines,
            "n=0; for id in $(told id {}); do n=$((n + 1)); list {file}.$n '{call}' \", \
             \\\"resource\\\": \\\"$id\\\"\" {query} \"$id/{last}?{parameters}\"; done",
            self::file(parent)
        ),
        Of::ScaleSets => writeln!(
            lines,
            "n=0; sets=$(az vmss list --subscription \"$sub\" --query \
             \"[?orchestrationMode!='Flexible'].id\" -o tsv 2> \"$dir/{file}.scale-sets.err\") || \
             failed {file}.scale-sets '{call}' ''; for id in $sets; do n=$((n + 1)); list \
             {file}.scale-set-$n '{call}' \", \\\"resource\\\": \\\"$id\\\"\" {query} \
             \"$id/{last}?{parameters}\"; done"
        ),
    }
}

fn effective(lines: &mut String, kind: Kind) -> std::fmt::Result {
    let (file, call) = (file(kind), kind.call());
    writeln!(
        lines,
        "n=0; for id in $(az network nic list --subscription \"$sub\" --query \
         '[?virtualMachine].id' -o tsv 2> /dev/null); do n=$((n + 1)); one {file}.$n '{call}' \
         networkInterface \"$id\" az {call} --ids \"$id\" --query value; done"
    )
}

/// What the files of a kind begin with.
fn file(kind: Kind) -> String {
    kind.call().replace(' ', "-")
}

/// A word that the shell takes as it is.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_cover_every_call_and_quote_what_the_user_wrote() {
        let names = Subscriptions::These(vec!["it's".to_owned()]);
        let wanted = Wanted { subscriptions: names, effective: false };
        let text = print_commands(&wanted, Path::new("my recording"));
        for listing in &LISTINGS {
            assert!(text.contains(&format!("'{}'", listing.kind.call())), "{}", listing.kind);
            let last = listing.arm_type().rsplit('/').next().unwrap();
            assert!(text.contains(&format!("/{last}?api-version=")), "{}", listing.kind);
        }
        assert!(text.contains("dir='my recording'/accounts/${sub:?}; mkdir"));
        assert!(text.contains("az account show -n 'it'\\''s' --query id"));
        assert!(!text.contains("effective-nsg") && !text.contains("sharedKey"));
        let all = Wanted { effective: true, ..Wanted::default() };
        let text = print_commands(&all, Path::new("rec"));
        assert!(text.contains("az network nic show-effective-route-table --ids \"$id\""));
        assert!(text.contains("az account list"));
    }
}
