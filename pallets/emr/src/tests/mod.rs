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
mod institutions;
mod invariants;
mod keys;
mod migrations;
mod patients;
mod policies;
mod providers;
mod relations;
mod request_access;
