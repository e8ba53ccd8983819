//! The types of the wire as TypeScript, for `client/src/protocol.ts` and `client/src/company.ts`.
//!
//! They are printed from the schemas of the types beside this module (`schema/`). Host only: a room never looks at it. What is in the
//! data of updates is not part of the wire: `roomcast preset types` tells that.

mod module;
mod print;
mod prose;
mod union;

#[cfg(test)]
mod tests;

use serde_json::json;

use self::module::{Module, Section};
pub use self::print::Unprintable;
use super::codes::outcome::{IgnoredBecause, Outcome};
use super::codes::{
    ClientFault, CloseCode, CloseReason, EventFault, FrameFault, ProblemCode, Reconnect, Refusal,
};
use super::company::CompanyFrame;
use super::ids::{ClientId, Epoch, Position, PresetName, SessionId};
use super::problem::{Faulty, Malformed, Problem};
use super::results::{EventResult, Results, RoomResult};
use super::schema::joined::{LogPage, Update};
use super::schema::notes::{Note, Person};
use super::schema::{Declaration, Types};
use super::server_frame::{Recovery, Renewal};
use super::time::Rfc3339;

const PROTOCOL: &str = "\
The wire of Roomcast, version 1, as TypeScript types. Made by `roomcast types protocol`: do not edit.

It deliberately describes only the `roomcast.v1` dialect. What clients tell each other is in
company.ts, and docs/protocol.md explains all of it.";

const COMPANY: &str = "\
The part of the wire of Roomcast, version 1, that is about other clients: presence and signals. Made by
`roomcast types company`: do not edit.

The rest of the wire is in protocol.ts.";

/// The names of other modules.
const IMPORTS: [(&str, &str); 4] = [
    ("ClientId", "./protocol.ts"),
    ("CompanyFrame", "./company.ts"),
    ("CompanyNote", "./company.ts"),
    ("Update", "./presets/sessions.ts"),
];

const UPDATES: &str = "\
// Updates are those of the preset `sessions`: presets/ has those of the others, made by `roomcast preset types`.

export type { Update };
";

/// The module `protocol.ts`.
///
/// # Errors
/// One of the types has a form for which there is no TypeScript here.
pub fn protocol() -> Result<String, Unprintable> {
    let mut types = Types::default();
    let module = Module {
        about: PROTOCOL,
        imports: &IMPORTS,
        sections: vec![
            names(&mut types),
            to_client(&mut types),
            to_server(&mut types),
            closing(&mut types),
            over_http(&mut types),
        ],
        end: UPDATES,
    };
    module.print()
}

/// The module `company.ts`.
///
/// # Errors
/// As with [`protocol`].
pub fn company() -> Result<String, Unprintable> {
    let mut types = Types::default();
    let mut notes = Section::new("Server to client");
    let (told, sent) = types.company();
    notes.add(types.union_of::<Note>(&told));
    notes.extend(told);
    notes.add(types.of::<Person>());
    let mut frames = Section::new("Client to server");
    frames.add(types.union_of::<CompanyFrame>(&sent));
    frames.extend(sent);
    let sections = vec![notes, frames];
    Module { about: COMPANY, imports: &IMPORTS, sections, end: "" }.print()
}

/// An update of one type, as an interface: `Type` is its type, and `UpdateData` has the data of all types.
///
/// # Errors
/// As with [`protocol`].
pub fn update() -> Result<String, Unprintable> {
    let name = "UpdateOf<Type extends UpdateType>".to_owned();
    let mut update = Declaration { name, ..Types::default().of::<Update>() };
    for (field, name) in [("updateType", "Type"), ("data", "UpdateData[Type]")] {
        update.put(field, json!({ "$ref": name }));
    }
    print::declaration(&update)
}

fn names(types: &mut Types) -> Section {
    let mut names = Section::new("");
    names.add(types.of::<Rfc3339>());
    names.add(types.of::<SessionId>());
    names.add(types.of::<ClientId>());
    names.add(types.of::<PresetName>());
    names.add(types.of::<Epoch>());
    names.add(types.of::<Position>());
    names
}

fn to_client(types: &mut Types) -> Section {
    let frames = types.to_client();
    let all = frames.iter().map(|frame| &*frame.name).chain(["CompanyNote"]);
    let mut section = Section::new("Server to client");
    section.add(Declaration::union("ServerFrame", "A frame of the server.", all));
    section.add(types.of::<Recovery>());
    section.add(types.of::<Renewal>());
    section.add(types.of::<FrameFault>());
    section.extend(frames);
    section
}

fn to_server(types: &mut Types) -> Section {
    let frames = types.to_server();
    let all = frames.iter().map(|frame| &*frame.name).chain(["CompanyFrame"]);
    let mut section = Section::new("Client to server");
    section.add(Declaration::union("ClientFrame", "A frame of a client.", all));
    section.extend(frames);
    section
}

fn closing(types: &mut Types) -> Section {
    let mut section = Section::new("Closing");
    section.add(types.of::<CloseCode>());
    section.add(types.of::<CloseReason>());
    section.add(types.of::<ClientFault>());
    section.add(types.of::<Refusal>());
    section.add(types.of::<Reconnect>());
    section
}

fn over_http(types: &mut Types) -> Section {
    let mut section = Section::new("Over HTTP");
    section.add(types.of::<Problem>());
    section.add(types.of::<ProblemCode>());
    section.add(types.of::<Faulty>());
    section.add(types.of::<Malformed>());
    section.add(types.of::<EventFault>());
    section.add(types.of::<Results>());
    section.add(types.of::<EventResult>());
    section.add(types.of::<RoomResult>());
    section.add(types.of::<Outcome>());
    section.add(types.of::<IgnoredBecause>());
    section.add(types.of::<LogPage>());
    section
}
