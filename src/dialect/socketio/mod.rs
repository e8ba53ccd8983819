//! Socket.IO: Engine.IO 4 and Socket.IO 5, as unmodified `socket.io-client` 4 speaks them.
//!
//! An update is an event of its type. Its last argument is the *offset*, a text that the client keeps and shows when it comes
//! back ([`recovery`]), so recovery is that of the room: it outlives connections, hibernation and servers.
//!
//! | file | what it does |
//! | --- | --- |
//! | [`engine`] | packets of Engine.IO |
//! | [`packet`] | packets of Socket.IO |
//! | [`session`] | one session: transport, heartbeat, namespaces |
//! | [`poll`] | the transport of a session that polls |
//! | [`emits`] | what clients emit |
//! | [`encode`] | what clients are sent |
//! | [`recovery`] | offsets, and who comes back |
//! | [`refusal`] | how requests and clients are refused |

pub mod emits;
pub mod encode;
pub mod engine;
pub mod packet;
pub mod poll;
pub mod recovery;
pub mod refusal;
pub mod session;
