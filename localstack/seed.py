"""Rebuilds a recorded estate through the EC2 API.

Reads documents as `aws ec2 describe-*` prints them and makes, kind by kind, what they describe.
The emulator gives everything a new id, and an IPv6 block of its own choice: both are
translated wherever the documents refer to them. What cannot be made is named in `left_out`,
never passed over in silence. One account and one Region: those of the first VPC and subnet.
"""

import ipaddress
import json
from collections import defaultdict
from pathlib import Path

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError, ParamValidationError

# Where a route may point to; the first of these that a route has is its target.
TARGETS = (
    "NatGatewayId",
    "VpcPeeringConnectionId",
    "EgressOnlyInternetGatewayId",
    "NetworkInterfaceId",
    "InstanceId",
    "GatewayId",
)
DESTINATIONS = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")
# Kinds that the emulators do not keep well enough to be worth seeding.
NOT_SEEDED = ("TransitGateways", "VpnGateways", "VpnConnections", "CustomerGateways", "CarrierGateways")
# The implied denies of a network ACL cannot be created (AWS-32).
LAST_ACL_RULE = 32766


def load(folder: Path) -> dict[str, list]:
    """The lists of every document in the folder, by top-level key, whatever the files are called."""
    documents = defaultdict(list)
    for path in sorted(folder.rglob("*.json")):
        document = json.loads(path.read_text())
        if not isinstance(document, dict):
            continue
        if "PrefixListId" in document and "Entries" in document:
            document = {"ManagedPrefixListEntries": [document]}
        for key, value in document.items():
            if isinstance(value, list):
                documents[key].extend(value)
    return documents


def place(documents: dict[str, list]) -> tuple[str, str]:
    """The account and the region that the documents were read from."""
    zone = documents["Subnets"][0]["AvailabilityZone"]
    return documents["Vpcs"][0]["OwnerId"], zone[:-1]


def client(endpoint: str, account: str, region: str):
    """LocalStack takes a twelve-digit access key for the account to work in."""
    return boto3.client(
        "ec2",
        endpoint_url=endpoint,
        region_name=region,
        aws_access_key_id=account,
        aws_secret_access_key="none",
        config=Config(retries={"max_attempts": 1}, read_timeout=60, parameter_validation=True),
    )


class Seeding:
    """One estate on its way into EC2: `made` maps recorded ids to new ones."""

    def __init__(self, ec2, documents: dict[str, list]):
        self.ec2 = ec2
        self.documents = documents
        self.made: dict[str, str] = {}
        self.ipv6: list[tuple[ipaddress.IPv6Network, ipaddress.IPv6Network]] = []
        self.windows_image: str | None = None
        self.left_out: list[str] = []

    def run(self) -> None:
        """Makes everything, in the order in which one thing needs another.

        The default VPC that every emulated account starts with stays: taking it away leaves its
        ACL behind, on subnets that are no more.
        """
        self.each("Vpcs", "VpcId", self.vpc)
        self.each("Subnets", "SubnetId", self.subnet)
        self.each("PrefixLists", "PrefixListId", self.prefix_list)
        self.each("InternetGateways", "InternetGatewayId", self.internet_gateway)
        self.each("EgressOnlyInternetGateways", "EgressOnlyInternetGatewayId", self.egress_only_gateway)
        self.each("VpcPeeringConnections", "VpcPeeringConnectionId", self.peering)
        self.each("SecurityGroups", "GroupId", self.security_group)
        self.each("SecurityGroups", "GroupId", self.security_group_rules)
        self.each("NetworkAcls", "NetworkAclId", self.network_acl)
        for reservation in self.documents["Reservations"]:
            for instance in reservation["Instances"]:
                self.thing(instance["InstanceId"], self.instance, instance)
        self.each("NetworkInterfaces", "NetworkInterfaceId", self.network_interface)
        self.each("NatGateways", "NatGatewayId", self.nat_gateway)
        self.each("RouteTables", "RouteTableId", self.route_table)
        self.each("VpcEndpoints", "VpcEndpointId", self.vpc_endpoint)
        for kind in NOT_SEEDED:
            self.left_out += [f"{kind}: not seeded" for _ in self.documents[kind]]

    # --- networks ---------------------------------------------------------------------------

    def vpc(self, vpc: dict) -> str:
        blocks6 = [a["Ipv6CidrBlock"] for a in vpc.get("Ipv6CidrBlockAssociationSet", [])]
        made = self.ec2.create_vpc(CidrBlock=vpc["CidrBlock"], AmazonProvidedIpv6CidrBlock=bool(blocks6))
        vpc_id = made["Vpc"]["VpcId"]
        for association in vpc.get("CidrBlockAssociationSet", []):
            if association["CidrBlock"] != vpc["CidrBlock"]:
                self.ec2.associate_vpc_cidr_block(VpcId=vpc_id, CidrBlock=association["CidrBlock"])
        if blocks6:
            (described,) = self.ec2.describe_vpcs(VpcIds=[vpc_id])["Vpcs"]
            given = described["Ipv6CidrBlockAssociationSet"][0]["Ipv6CidrBlock"]
            self.ipv6.append((ipaddress.IPv6Network(blocks6[0]), ipaddress.IPv6Network(given)))
            self.left_out += [f"{vpc['VpcId']}: second IPv6 block {block}" for block in blocks6[1:]]
        return vpc_id

    def subnet(self, subnet: dict) -> str:
        blocks6 = [a["Ipv6CidrBlock"] for a in subnet.get("Ipv6CidrBlockAssociationSet", [])]
        request = {"VpcId": self.id(subnet["VpcId"]), "CidrBlock": subnet["CidrBlock"]}
        if blocks6:
            request["Ipv6CidrBlock"] = self.translated(blocks6[0])
        request["AvailabilityZone"] = subnet["AvailabilityZone"]
        subnet_id = self.ec2.create_subnet(**request)["Subnet"]["SubnetId"]
        public = {"Value": subnet.get("MapPublicIpOnLaunch", False)}
        self.ec2.modify_subnet_attribute(SubnetId=subnet_id, MapPublicIpOnLaunch=public)
        return subnet_id

    def prefix_list(self, prefix_list: dict) -> str | None:
        """Customers' lists only: those of AWS are there already, under ids of the emulator."""
        recorded = prefix_list["PrefixListId"]
        if prefix_list.get("OwnerId", "AWS") == "AWS":
            for given in self.ec2.describe_managed_prefix_lists()["PrefixLists"]:
                if given["PrefixListName"] == prefix_list["PrefixListName"]:
                    self.made[recorded] = given["PrefixListId"]
            return None
        entries = [
            {"Cidr": self.translated(entry["Cidr"]), "Description": entry.get("Description", "")}
            for entries in self.documents["ManagedPrefixListEntries"]
            if entries["PrefixListId"] == recorded
            for entry in entries["Entries"]
        ]
        made = self.ec2.create_managed_prefix_list(
            PrefixListName=prefix_list["PrefixListName"],
            AddressFamily=prefix_list["AddressFamily"],
            MaxEntries=prefix_list["MaxEntries"],
            Entries=entries,
        )
        return made["PrefixList"]["PrefixListId"]

    # --- gateways ---------------------------------------------------------------------------

    def internet_gateway(self, gateway: dict) -> str:
        gateway_id = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        for attachment in gateway["Attachments"]:
            vpc_id = self.id(attachment["VpcId"])
            self.ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc_id)
        return gateway_id

    def egress_only_gateway(self, gateway: dict) -> str:
        vpc_id = self.id(gateway["Attachments"][0]["VpcId"])
        made = self.ec2.create_egress_only_internet_gateway(VpcId=vpc_id)
        return made["EgressOnlyInternetGateway"]["EgressOnlyInternetGatewayId"]

    def nat_gateway(self, gateway: dict) -> str | None:
        if gateway["State"] not in ("available", "pending"):
            return self.leave(gateway["NatGatewayId"], f"state {gateway['State']}")
        request = {"SubnetId": self.id(gateway["SubnetId"])}
        request["ConnectivityType"] = gateway.get("ConnectivityType", "public")
        if request["ConnectivityType"] == "public":
            recorded = gateway["NatGatewayAddresses"][0]["AllocationId"]
            request["AllocationId"] = self.elastic_address(recorded)
        made = self.ec2.create_nat_gateway(**request)["NatGateway"]
        for old, new in zip(gateway["NatGatewayAddresses"], made["NatGatewayAddresses"], strict=False):
            if "NetworkInterfaceId" in new:
                self.made[old["NetworkInterfaceId"]] = new["NetworkInterfaceId"]
        return made["NatGatewayId"]

    def elastic_address(self, recorded: str) -> str:
        if recorded not in self.made:
            self.made[recorded] = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
            for address in self.documents["Addresses"]:
                if address.get("AllocationId") == recorded:
                    self.tag(self.made[recorded], address)
        return self.made[recorded]

    def peering(self, peering: dict) -> str | None:
        state = peering["Status"]["Code"]
        ends = [peering[end]["VpcId"] for end in ("RequesterVpcInfo", "AccepterVpcInfo")]
        if state not in ("active", "pending-acceptance") or not all(end in self.made for end in ends):
            return self.leave(peering["VpcPeeringConnectionId"], f"state {state}, or a VPC not recorded")
        requester, accepter = map(self.id, ends)
        made = self.ec2.create_vpc_peering_connection(VpcId=requester, PeerVpcId=accepter)
        peering_id = made["VpcPeeringConnection"]["VpcPeeringConnectionId"]
        if state == "active":
            self.ec2.accept_vpc_peering_connection(VpcPeeringConnectionId=peering_id)
        return peering_id

    def vpc_endpoint(self, endpoint: dict) -> str:
        request = {"VpcId": self.id(endpoint["VpcId"]), "ServiceName": endpoint["ServiceName"]}
        request["VpcEndpointType"] = endpoint.get("VpcEndpointType", "Gateway")
        for key in ("RouteTableIds", "SubnetIds"):
            if endpoint.get(key):
                request[key] = [self.id(recorded) for recorded in endpoint[key]]
        if endpoint.get("Groups"):
            request["SecurityGroupIds"] = [self.id(group["GroupId"]) for group in endpoint["Groups"]]
        return self.ec2.create_vpc_endpoint(**request)["VpcEndpoint"]["VpcEndpointId"]

    # --- filters ----------------------------------------------------------------------------

    def security_group(self, group: dict) -> str:
        vpc_id = self.id(group["VpcId"])
        if group["GroupName"] != "default":
            made = self.ec2.create_security_group(
                GroupName=group["GroupName"], Description=group["Description"], VpcId=vpc_id
            )
            return made["GroupId"]
        groups = self.ec2.describe_security_groups()["SecurityGroups"]
        return next(g["GroupId"] for g in groups if g["VpcId"] == vpc_id and g["GroupName"] == "default")

    def security_group_rules(self, group: dict) -> str:
        """Takes away the rules that a new group has, and gives it the recorded ones."""
        group_id = self.id(group["GroupId"])
        (fresh,) = self.ec2.describe_security_groups(GroupIds=[group_id])["SecurityGroups"]
        directions = (
            ("IpPermissions", self.ec2.revoke_security_group_ingress, self.ec2.authorize_security_group_ingress),
            ("IpPermissionsEgress", self.ec2.revoke_security_group_egress, self.ec2.authorize_security_group_egress),
        )
        for key, revoke, authorize in directions:
            if fresh[key]:
                revoke(GroupId=group_id, IpPermissions=fresh[key])
            for permission in group[key]:
                wanted = self.permission(permission)
                self.attempt(group["GroupId"], lambda w, a=authorize: a(GroupId=group_id, IpPermissions=[w]), wanted)
        return group_id

    def permission(self, permission: dict) -> dict:
        made = {k: permission[k] for k in ("IpProtocol", "FromPort", "ToPort") if k in permission}
        made["IpRanges"] = permission.get("IpRanges", [])
        made["Ipv6Ranges"] = [
            {**entry, "CidrIpv6": self.translated(entry["CidrIpv6"])} for entry in permission.get("Ipv6Ranges", [])
        ]
        made["PrefixListIds"] = [
            {**entry, "PrefixListId": self.id(entry["PrefixListId"])} for entry in permission.get("PrefixListIds", [])
        ]
        made["UserIdGroupPairs"] = [
            {**{k: pair[k] for k in ("UserId", "Description") if k in pair}, "GroupId": self.id(pair["GroupId"])}
            for pair in permission.get("UserIdGroupPairs", [])
        ]
        return {key: value for key, value in made.items() if value != []}

    def network_acl(self, acl: dict) -> str:
        vpc_id = self.id(acl["VpcId"])
        if acl["IsDefault"]:
            acls = self.ec2.describe_network_acls()["NetworkAcls"]
            made = next(a for a in acls if a["VpcId"] == vpc_id and a["IsDefault"])
        else:
            made = self.ec2.create_network_acl(VpcId=vpc_id)["NetworkAcl"]
        acl_id = made["NetworkAclId"]
        for entry in made.get("Entries", []):
            if entry["RuleNumber"] <= LAST_ACL_RULE:
                place = {"RuleNumber": entry["RuleNumber"], "Egress": entry["Egress"]}
                self.ec2.delete_network_acl_entry(NetworkAclId=acl_id, **place)
        for entry in acl["Entries"]:
            if entry["RuleNumber"] <= LAST_ACL_RULE:
                if "Ipv6CidrBlock" in entry:
                    entry = {**entry, "Ipv6CidrBlock": self.translated(entry["Ipv6CidrBlock"])}
                self.attempt(acl["NetworkAclId"], lambda e: self.ec2.create_network_acl_entry(NetworkAclId=acl_id, **e), entry)
        for association in acl["Associations"]:
            self.associate_acl(acl_id, self.id(association["SubnetId"]))
        return acl_id

    def associate_acl(self, acl_id: str, subnet_id: str) -> None:
        for acl in self.ec2.describe_network_acls()["NetworkAcls"]:
            for association in acl["Associations"]:
                if association["SubnetId"] == subnet_id and acl["NetworkAclId"] != acl_id:
                    self.ec2.replace_network_acl_association(
                        AssociationId=association["NetworkAclAssociationId"], NetworkAclId=acl_id
                    )

    # --- machines ---------------------------------------------------------------------------

    def instance(self, instance: dict) -> str | None:
        state = instance["State"]["Name"]
        if state not in ("pending", "running", "stopping", "stopped"):
            return self.leave(instance["InstanceId"], f"state {state}")
        interfaces = sorted(instance["NetworkInterfaces"], key=lambda i: i["Attachment"]["DeviceIndex"])
        first, others = interfaces[0], interfaces[1:]
        given = self.ec2.run_instances(
            ImageId=self.image(instance),
            InstanceType=instance["InstanceType"],
            MinCount=1,
            MaxCount=1,
            NetworkInterfaces=[
                {
                    "DeviceIndex": 0,
                    "SubnetId": self.id(first["SubnetId"]),
                    "PrivateIpAddress": first["PrivateIpAddress"],
                    "Groups": [self.id(group["GroupId"]) for group in first["Groups"]],
                    # An elastic address is recorded with its owner, an auto-assigned one with "amazon".
                    "AssociatePublicIpAddress": first.get("Association", {}).get("IpOwnerId") == "amazon",
                }
            ],
        )["Instances"][0]
        instance_id = given["InstanceId"]
        interface_id = given["NetworkInterfaces"][0]["NetworkInterfaceId"]
        self.made[first["NetworkInterfaceId"]] = interface_id
        self.dress(interface_id, first)
        for other in others:
            self.made[other["NetworkInterfaceId"]] = self.create_interface(other)
            self.ec2.attach_network_interface(
                NetworkInterfaceId=self.made[other["NetworkInterfaceId"]],
                InstanceId=instance_id,
                DeviceIndex=other["Attachment"]["DeviceIndex"],
            )
        if state in ("stopping", "stopped"):
            self.ec2.stop_instances(InstanceIds=[instance_id])
        return instance_id

    def image(self, instance: dict) -> str:
        """Any id will do for Linux; Windows takes an image that says so (it decides AWS-41's ports).

        The emulator knows some thousands of images, and needs seconds to name them.
        """
        if instance.get("Platform") != "windows":
            return instance["ImageId"]
        if self.windows_image is None:
            images = self.ec2.describe_images()["Images"]
            self.windows_image = next(i["ImageId"] for i in images if i.get("Platform") == "windows")
        return self.windows_image

    def network_interface(self, interface: dict) -> str | None:
        """Those that no instance has brought with it and no service manages."""
        recorded = interface["NetworkInterfaceId"]
        if recorded in self.made or interface.get("RequesterManaged"):
            return self.made.get(recorded)
        return self.create_interface(interface)

    def create_interface(self, interface: dict) -> str:
        made = self.ec2.create_network_interface(
            SubnetId=self.id(interface["SubnetId"]),
            PrivateIpAddress=interface["PrivateIpAddress"],
            Groups=[self.id(group["GroupId"]) for group in interface["Groups"]],
        )
        interface_id = made["NetworkInterface"]["NetworkInterfaceId"]
        self.dress(interface_id, interface)
        return interface_id

    def dress(self, interface_id: str, interface: dict) -> None:
        """Gives an interface what it could not be made with."""
        secondary = [a["PrivateIpAddress"] for a in interface["PrivateIpAddresses"] if not a["Primary"]]
        if secondary:
            self.ec2.assign_private_ip_addresses(NetworkInterfaceId=interface_id, PrivateIpAddresses=secondary)
        addresses6 = [self.translated(a["Ipv6Address"]) for a in interface.get("Ipv6Addresses", [])]
        if addresses6:
            self.ec2.assign_ipv6_addresses(NetworkInterfaceId=interface_id, Ipv6Addresses=addresses6)
        if not interface.get("SourceDestCheck", True):
            off = {"Value": False}
            self.ec2.modify_network_interface_attribute(NetworkInterfaceId=interface_id, SourceDestCheck=off)
        if allocation := self.allocation(interface["NetworkInterfaceId"]):
            self.ec2.associate_address(
                AllocationId=self.elastic_address(allocation), NetworkInterfaceId=interface_id
            )

    def allocation(self, recorded: str) -> str | None:
        for address in self.documents["Addresses"]:
            if address.get("NetworkInterfaceId") == recorded:
                return address["AllocationId"]
        return None

    # --- routes -----------------------------------------------------------------------------

    def route_table(self, table: dict) -> str:
        vpc_id = self.id(table["VpcId"])
        if any(association.get("Main") for association in table["Associations"]):
            tables = self.ec2.describe_route_tables()["RouteTables"]
            table_id = next(
                t["RouteTableId"]
                for t in tables
                if t["VpcId"] == vpc_id and any(a.get("Main") for a in t["Associations"])
            )
        else:
            table_id = self.ec2.create_route_table(VpcId=vpc_id)["RouteTable"]["RouteTableId"]
        for route in table["Routes"]:
            # Local and propagated routes are nobody's to make, and an endpoint brings its own.
            ours = route.get("Origin") == "CreateRoute" and not route.get("GatewayId", "").startswith("vpce-")
            if ours and route.get("GatewayId") != "local":
                self.attempt(table["RouteTableId"], lambda r: self.route(table_id, r), route)
        for association in table["Associations"]:
            for key in ("SubnetId", "GatewayId"):
                if key in association:
                    self.ec2.associate_route_table(RouteTableId=table_id, **{key: self.id(association[key])})
        return table_id

    def route(self, table_id: str, route: dict) -> None:
        target = next((key for key in TARGETS if key in route), None)
        if target is None:
            raise KeyError(next((value for key, value in route.items() if key.endswith("Id")), "a route's target"))
        request = {"RouteTableId": table_id, target: self.id(route[target])}
        for key in DESTINATIONS:
            if key in route:
                known = self.id if key == "DestinationPrefixListId" else self.translated
                request[key] = known(route[key])
        self.ec2.create_route(**request)

    # --- bookkeeping ------------------------------------------------------------------------

    def each(self, kind: str, key: str, make) -> None:
        for item in self.documents[kind]:
            self.thing(item[key], make, item)

    def thing(self, recorded: str, make, item: dict) -> None:
        """Makes something with an id of its own."""
        if made := self.attempt(recorded, make, item):
            self.made[recorded] = made
            self.tag(made, item)

    def attempt(self, recorded: str, make, item: dict):
        """What the emulator or the documents do not allow is left out, by name."""
        try:
            return make(item)
        except (ClientError, ParamValidationError) as error:
            return self.leave(recorded, str(error))
        except KeyError as missing:
            return self.leave(recorded, f"needs {missing}, which is not there")

    def tag(self, made: str, item: dict) -> None:
        tags = [tag for tag in item.get("Tags", item.get("TagSet", [])) if not tag["Key"].startswith("aws:")]
        if tags:
            self.ec2.create_tags(Resources=[made], Tags=tags)

    def leave(self, recorded: str, reason: str) -> None:
        self.left_out.append(f"{recorded}: {reason}")

    def id(self, recorded: str) -> str:
        return self.made[recorded]

    def translated(self, text: str) -> str:
        """An address or a block, moved from a recorded IPv6 block into the one that was given for it."""
        network = ipaddress.ip_network(text, strict=False)
        for old, new in self.ipv6:
            if network.version == 6 and network.subnet_of(old):
                moved = int(new.network_address) + int(network.network_address) - int(old.network_address)
                length = f"/{network.prefixlen}" if "/" in text else ""
                return f"{ipaddress.IPv6Address(moved)}{length}"
        return text
