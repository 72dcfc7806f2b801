//! What was read, in a line.

use cloudfw_estate::Coverage;

use super::Text;
use super::style::DIM;

/// The coverage of an answer.
pub(crate) fn write(_: &Coverage, width: usize, out: &mut String) {
    Text::styled(DIM, "coverage").wrap(2, width, out);
}
