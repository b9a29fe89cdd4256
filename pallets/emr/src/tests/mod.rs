//! Tests, one file for each group of calls.

mod access;
mod add_record;
mod amend_record;
mod archives;
mod caretakers;
mod contents;
mod custody;
mod deregistration;
mod envelope_keys;
mod envelopes;
mod erase_record;
mod institutions;
mod invariants;
mod keys;
mod log;
mod migrations;
mod own_envelope;
mod patients;
mod policies;
mod providers;
mod relations;
mod withdrawal;
