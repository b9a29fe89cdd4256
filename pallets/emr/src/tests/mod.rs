//! Tests, a file per group of calls.

mod access;
mod add_record;
mod amend_record;
mod envelopes;
mod erase_record;
mod invariants;
mod keys;
mod patients;
mod policies;
mod providers;
mod relations;
mod request_access;
