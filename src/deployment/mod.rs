//! A deployment as programs outside use it: where it is, with which secrets, and how to say so in a request.
//!
//! Host only. The command line and the load generator are made with it. It knows the wire and a tenant's settings,
//! nothing of how rooms work, and makes no connection itself.
//!
//! | module | what it is for |
//! | --- | --- |
//! | [`target`] | the arguments that say which deployment is meant |
//! | [`value`] | values of arguments |
//! | [`endpoint`] | its addresses |
//! | [`settings`] | a tenant's secrets, from the environment or a file |
//! | [`token`] | tokens for watching |
//! | [`upgrade`] | the request that watches |
//! | [`signed`] | the headers of a request that posts |
//! | [`failure`] | why a program ends without having done its work |
//! | [`program`] | from work to an exit code |
//! | [`clock`], [`random`] | the one place each for the time and for chance |

pub mod clock;
pub mod endpoint;
pub mod failure;
pub mod program;
pub mod random;
pub mod settings;
pub mod signed;
pub mod target;
pub mod token;
pub mod upgrade;
pub mod value;
