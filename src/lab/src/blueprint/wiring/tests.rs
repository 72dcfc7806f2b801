//! Wirings, by their plans and with real packets.

mod blueprints;
mod packets;
mod plans;
