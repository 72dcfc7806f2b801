//! Machines: `az vm list`, `az vmss list`, `az vmss list-instances`.

use serde::{Deserialize, Serialize};

use super::{Field, Reference, Resource, object, objects};

/// A virtual machine, or an instance of a scale set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualMachine {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vm_id: Option<String>,
    /// Of an instance of a scale set; ARM puts it beside `properties`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance_id: Option<String>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub network_profile: Option<NetworkProfile>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub network_profile_configuration: Option<ScaleSetNetworkProfile>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub virtual_machine_scale_set: Option<Reference>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub os_profile: Option<OsProfile>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub storage_profile: Option<StorageProfile>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub instance_view: Option<InstanceView>,
    /// As Resource Graph tells the power state.
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub extended: Option<ExtendedState>,
    /// As `az vm list --show-details` tells it: `VM running`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub power_state: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

impl VirtualMachine {
    /// Whether its disk is said to hold Windows.
    pub fn is_windows(&self) -> bool {
        let disk = self.storage_profile.as_ref().and_then(|it| it.os_disk.as_ref());
        let system = disk.and_then(|disk| disk.os_type.as_deref());
        system.is_some_and(|system| system.eq_ignore_ascii_case("Windows"))
    }
}

/// The disks of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StorageProfile {
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub os_disk: Option<OsDisk>,
}

/// The disk that it starts from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OsDisk {
    /// `Linux` or `Windows`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_type: Option<String>,
}

/// The interfaces of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkProfile {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_interfaces: Option<Vec<Resource<NetworkInterfaceReference>>>,
}

/// An interface of a machine; its id is that of the interface.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInterfaceReference {
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub primary: Field<bool>,
}

/// What the operating system is told at first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OsProfile {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub computer_name: Option<String>,
}

/// How the machine fares.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceView {
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub statuses: Option<Vec<InstanceStatus>>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub power_state: Option<InstanceStatus>,
}

/// One thing about it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InstanceStatus {
    /// `PowerState/running`, `ProvisioningState/succeeded`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display_status: Option<String>,
}

/// What Resource Graph adds.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ExtendedState {
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub instance_view: Option<InstanceView>,
}

/// A scale set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct VirtualMachineScaleSet {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub orchestration_mode: Option<String>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub virtual_machine_profile: Option<ScaleSetProfile>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provisioning_state: Option<String>,
}

/// What its instances are like.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScaleSetProfile {
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub network_profile: Option<ScaleSetNetworkProfile>,
}

/// Their interfaces.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScaleSetNetworkProfile {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_interface_configurations: Option<Vec<Resource<NetworkInterfaceConfiguration>>>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub health_probe: Option<Reference>,
}

/// An interface that each of them gets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NetworkInterfaceConfiguration {
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub primary: Field<bool>,
    #[serde(rename = "enableIPForwarding", default, skip_serializing_if = "Field::is_absent")]
    pub enable_ip_forwarding: Field<bool>,
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub disable_tcp_state_tracking: Field<bool>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub network_security_group: Option<Reference>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_configurations: Option<Vec<Resource<ScaleSetIpConfiguration>>>,
}

/// An address that each of them gets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScaleSetIpConfiguration {
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub primary: Field<bool>,
    #[serde(rename = "privateIPAddressVersion", skip_serializing_if = "Option::is_none")]
    pub private_ip_address_version: Option<String>,
    #[serde(default, deserialize_with = "object", skip_serializing_if = "Option::is_none")]
    pub subnet: Option<Reference>,
    #[serde(rename = "publicIPAddressConfiguration", skip_serializing_if = "Option::is_none")]
    pub public_ip_address_configuration: Option<Box<Resource<ScaleSetPublicIpAddress>>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub application_security_groups: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub load_balancer_backend_address_pools: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub load_balancer_inbound_nat_pools: Option<Vec<Reference>>,
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Option::is_none")]
    pub application_gateway_backend_address_pools: Option<Vec<Reference>>,
}

/// A public address that each of them gets.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ScaleSetPublicIpAddress {
    #[serde(rename = "publicIPAddressVersion", skip_serializing_if = "Option::is_none")]
    pub public_ip_address_version: Option<String>,
    #[serde(
        rename = "publicIPPrefix",
        default,
        deserialize_with = "object",
        skip_serializing_if = "Option::is_none"
    )]
    pub public_ip_prefix: Option<Reference>,
}
