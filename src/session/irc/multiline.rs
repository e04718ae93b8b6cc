//! Messages of several lines (IRCv3 `draft/multiline`): the client sends its lines in a batch, and others hear them as
//! one message.

use std::borrow::Cow;
use std::time::Instant;

use super::client::Irc;
use super::draft::{BATCH_TYPE, Batch, Draft, Fault, LINE_WITHIN, MESSAGE_BYTES, MESSAGE_LINES, NEEDED};
#[cfg(feature = "cluster")]
use super::sharing::changes_at;
use crate::session::Context;
#[cfg(feature = "cluster")]
use crate::session::sharing::OTHERS_UNREACHABLE;
use crate::wire::irc::Message;

/// Longest name of a batch from a client, in bytes.
const NAME_BYTES: usize = 64;

/// The code of faults without their own.
const INVALID: &str = "MULTILINE_INVALID";

impl Irc {
    /// `BATCH +name draft/multiline target` begins a message of several lines, and `BATCH -name` sends it.
    pub(super) fn batch(&mut self, message: &Message<'_>, context: &mut Context<'_>) {
        if !self.capabilities.has(NEEDED) {
            let text = "Request the capabilities batch and draft/multiline first";
            return self.fail("BATCH", INVALID, text, context);
        }
        match message.params[0].split_at_checked(1) {
            Some(("+", name)) => self.begin_batch(name, message, context),
            Some(("-", name)) => self.end_batch(name, context),
            _ => self.tell(
                &Fault::Other("say BATCH +name draft/multiline target, or BATCH -name"),
                "",
                context,
            ),
        }
    }

    fn begin_batch(&mut self, name: &str, message: &Message<'_>, context: &mut Context<'_>) {
        if name.is_empty() || name.len() > NAME_BYTES {
            return self.tell(&Fault::Other("the name of a batch has 1 to 64 bytes"), name, context);
        }
        self.reject_batch(&Fault::Other("another batch began before its end"), context);
        let target = message.params.get(2).copied().unwrap_or_default();
        let fault = match message.params.get(1) {
            Some(&BATCH_TYPE) if target.is_empty() => Some("a batch needs a target"),
            Some(&BATCH_TYPE) if target.contains(',') => Some("a batch has only one target"),
            Some(&BATCH_TYPE) => None,
            _ => Some("the only type of batches is draft/multiline"),
        };
        let tags = self.client_only_tags(message.tags);
        let draft = fault.is_none().then(|| Draft::new(target, tags, context.now.instant));
        let batch = Batch { name: name.into(), draft };
        self.unfinished(|unfinished| unfinished.batch = Some(batch));
        if let Some(fault) = fault {
            self.tell(&Fault::Other(fault), name, context);
        }
    }

    fn end_batch(&mut self, name: &str, context: &mut Context<'_>) {
        let ended = self.unfinished(|unfinished| unfinished.batch.take_if(|batch| *batch.name == *name));
        let Some(batch) = ended else {
            return self.tell(&Fault::Other("no batch of this name is open"), name, context);
        };
        let Some(mut draft) = batch.draft else { return };
        let (label, target) = (draft.label.take(), draft.target.clone());
        match draft.speech() {
            Ok(speech) => self.speak_to(&target, speech, context),
            Err(fault) => self.tell(&fault, name, context),
        }
        if let Some(label) = label {
            self.put_label(&label, context);
        }
    }

    /// True if the end of this batch asks a service to change something.
    #[cfg(feature = "cluster")]
    pub(super) fn is_for_service(&self, name: &str) -> bool {
        let batch = self.unfinished.as_ref().and_then(|unfinished| unfinished.batch.as_ref());
        let draft = batch.filter(|batch| *batch.name == *name).and_then(|batch| batch.draft.as_ref());
        draft.is_some_and(|draft| changes_at(&draft.target, draft.text()))
    }

    /// Declines the end of a batch for a service.
    #[cfg(feature = "cluster")]
    pub(super) fn decline_batch(&mut self, name: &str, context: &mut Context<'_>) {
        self.reject_batch(&Fault::Other(OTHERS_UNREACHABLE), context);
        self.end_batch(name, context);
    }

    /// The name of the batch to which `line` belongs.
    fn batch_of<'a>(&self, line: &Message<'a>) -> Option<Cow<'a, str>> {
        line.tags.get("batch").filter(|_| self.capabilities.has(NEEDED))
    }

    /// True if `line` is kept until its batch is complete.
    #[cfg(feature = "cluster")]
    pub(super) fn is_in_batch(&self, line: &Message<'_>) -> bool {
        self.batch_of(line).is_some()
    }

    /// Takes a line that belongs to a batch. False if `line` does not.
    pub(super) fn is_batched(&mut self, line: &Message<'_>, context: &mut Context<'_>) -> bool {
        let Some(name) = self.batch_of(line) else { return false };
        let added = match self.batch_mut().filter(|batch| *batch.name == *name) {
            Some(batch) => batch.draft.as_mut().map_or(Ok(()), |draft| draft.add(line, context.now.instant)),
            None => {
                self.tell(&Fault::Other("no batch of this name is open"), &name, context);
                return true;
            }
        };
        if let Err(fault) = added {
            self.reject_batch(&fault, context);
        }
        true
    }

    /// Keeps `label` for the answer to the whole message if `opening` has just begun one.
    pub(super) fn keeps_label(&mut self, label: &str, opening: &Message<'_>) -> bool {
        let name = opening.params.first().and_then(|param| param.strip_prefix('+'));
        let batch = self.batch_mut().filter(|batch| Some(&*batch.name) == name);
        let draft = batch.and_then(|batch| batch.draft.as_mut());
        let draft = draft.filter(|draft| draft.lines == 0 && opening.command.eq_ignore_ascii_case("BATCH"));
        draft.map(|draft| draft.label = Some(label.into())).is_some()
    }

    /// Rejects the open batch, if any, because one of its lines was rejected.
    pub(super) fn spoil_batch(&mut self, context: &mut Context<'_>) {
        self.reject_batch(&Fault::Other("one of its lines was rejected"), context);
    }

    /// Rejects the open batch if its next line is late.
    pub(super) fn expire_batch(&mut self, context: &mut Context<'_>) {
        if self.batch_deadline().is_some_and(|until| until <= context.now.instant) {
            self.reject_batch(&Fault::TooLate, context);
        }
    }

    /// When the next line of the open batch is late.
    pub(super) fn batch_deadline(&self) -> Option<Instant> {
        self.unfinished.as_ref()?.batch.as_ref()?.until()
    }

    fn batch_mut(&mut self) -> Option<&mut Batch> {
        self.unfinished.as_mut()?.batch.as_mut()
    }

    fn reject_batch(&mut self, fault: &Fault, context: &mut Context<'_>) {
        let Some(batch) = self.batch_mut() else { return };
        let Some(draft) = batch.draft.take() else { return };
        let name = batch.name.clone();
        self.tell(fault, &name, context);
        if let Some(label) = draft.label {
            self.put_label(&label, context);
        }
    }

    /// Sends `FAIL` even without `standard-replies`, as `draft/multiline` requires.
    fn tell(&self, fault: &Fault, batch: &str, context: &mut Context<'_>) {
        let (code, params, why) = match fault {
            Fault::TooManyBytes => {
                let most = MESSAGE_BYTES.to_string();
                let why = format!("it has more than {most} bytes, send it in parts");
                ("MULTILINE_MAX_BYTES", vec![most], why)
            }
            Fault::TooManyLines => {
                let most = MESSAGE_LINES.to_string();
                let why = format!("it has more than {most} lines, send it in parts");
                ("MULTILINE_MAX_LINES", vec![most], why)
            }
            Fault::WrongTarget { batch, line } => {
                let why = format!("all lines must go to {batch}");
                ("MULTILINE_INVALID_TARGET", vec![batch.to_string(), line.to_string()], why)
            }
            Fault::TooLate => {
                let why = format!("no line of it came for {} s", LINE_WITHIN.as_secs());
                ("TIMEOUT", vec![batch.to_owned()], why)
            }
            Fault::Other(why) => (INVALID, Vec::new(), (*why).to_owned()),
        };
        let params: Vec<_> = params.iter().map(String::as_str).collect();
        self.fail_always("BATCH", code, &params, &format!("Nothing was sent: {why}"), context);
    }
}
