//! Replaces `nodes` in builds without it.

use crate::failure::Failure;
use crate::plan::Plan;

pub(crate) fn compare(_: &Plan) -> Result<Vec<String>, Failure> {
    Err(Failure::Wrong("--nodes needs --features cluster".into()))
}
