//! Who may have how much: connections of a user and of an address, attempts, events; and whose tokens were revoked.
//!
//! Pure: what is counted is decided here, where it is counted in the shell. A *seat* is the object that counts for one user
//! or one address of a tenant.
//!
//! | file | what it does |
//! | --- | --- |
//! | [`leases`] | counts connections exactly, and asks their rooms when there seem to be too many |
//! | [`allotments`] | what is stored of that: the rooms, and how many connections each may have |
//! | [`visited`] | the rooms of a user whose connections nobody counts |
//! | [`revocations`] | the tokens of a user that count no longer |
//! | [`seat`] | what the object of a user or an address knows: these three |
//! | [`rate`] | how much there may be in a span of time |
//! | [`slices`] | a rate that many isolates share |
//! | [`waiting`] | who waits before a full room |
//! | [`address`] | the address of a client, as a proxy tells it |
//! | [`verdicts`] | answers of seats that an isolate remembers for a moment |
//! | [`name`] | what the objects are called |

pub mod address;
pub mod allotments;
pub mod leases;
pub mod name;
pub mod rate;
pub mod revocations;
pub mod seat;
pub mod slices;
pub mod verdicts;
pub mod visited;
pub mod waiting;
