//! A deployment as programs outside use it: its address, its secrets, and the requests to it.
//!
//! Host only, for the command line and the load generator. It knows the wire and a tenant's settings, but not how
//! rooms work, and it makes no connection itself.
//!
//! | module | what it is for |
//! | --- | --- |
//! | [`target`] | the arguments that select a deployment |
//! | [`value`] | parsers for the values of arguments |
//! | [`endpoint`] | its addresses |
//! | [`settings`] | a tenant's secrets, from the environment or a file |
//! | [`token`] | tokens for watching |
//! | [`upgrade`] | the request that watches |
//! | [`signed`] | the headers of a request that posts |
//! | [`inflater`] | reads compressed frames |
//! | [`failure`] | why a program failed, its message and its exit code |
//! | [`program`] | runs a program and sets its exit code |
//! | [`clock`], [`random`] | the only sources of the time and of random numbers |

pub mod clock;
pub mod endpoint;
pub mod failure;
pub mod inflater;
pub mod program;
pub mod random;
pub mod settings;
pub mod signed;
pub mod target;
pub mod token;
pub mod upgrade;
pub mod value;
