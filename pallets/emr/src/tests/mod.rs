//! Tests, one file for each group of calls.

mod access;
mod add_record;
mod amend_record;
mod custody;
mod due;
mod emergency;
mod envelopes;
mod erase_record;
mod grants;
mod invariants;
mod keys;
mod patients;
mod policies;
mod providers;
mod relations;
mod request_access;
