//! Which machine a NIC is attached to, as the NIC or the machine says it.

use crate::documents::Documents;
use crate::resource::{Fields, ResourceId};

/// The machine of a NIC, and its fields where a document has it.
pub(super) fn machine_of<'a>(
    documents: &'a Documents,
    nic: &ResourceId,
) -> Option<(ResourceId, Option<Fields<'a>>)> {
    let own = documents
        .resource(nic)
        .and_then(|nic| nic.reference("virtualMachine"));
    if let Some(machine) = own {
        let fields = documents.resource(&machine);
        return Some((machine, fields));
    }
    let mut machines = documents.of_kind("virtualMachines");
    let (machine, fields) = machines.find(|(_, machine)| machine.has_nic(nic))?;
    Some((machine.clone(), Some(fields)))
}
