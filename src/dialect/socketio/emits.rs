//! What clients emit: an event becomes a frame as the document says. Anything else is an error.

use serde_json::{Map, Value};

use crate::limits::{FRAME_BYTES, TOPIC_CHARS};
use crate::protocol::client_frame::{pace, BadFrame, ClientFrame};
use crate::protocol::codes::FrameFault;
use crate::protocol::company::CompanyFrame;
use crate::protocol::socket_io::{Emit, EmitAct, SocketIoForm};
use crate::protocol::template::Template;
use crate::protocol::topics::Topics;
use crate::room::Said;

/// What an event is.
#[derive(Debug, Clone, PartialEq)]
pub enum Heard {
    /// Something for the room.
    Said(Said),
    /// To be sent back with these arguments, which are JSON: as an event of this name, or as the acknowledgement.
    Echo(Option<String>, String),
}

/// Reads an event. `id` is that with which it is acknowledged; it becomes the reference of the answer.
pub fn heard(
    form: &SocketIoForm,
    name: &str,
    args: Vec<Value>,
    id: Option<u64>,
    is_binary: bool,
) -> Heard {
    let reference = id.map(|id| id.to_string());
    let bad = |fault, message: String| {
        Heard::Said(Said::Bad(BadFrame { fault, message, reference: reference.clone() }))
    };
    let Some(emit) = form.emits.iter().find(|emit| emit.on == name) else {
        return bad(FrameFault::NotAllowed, unknown(form));
    };
    let text = inner(&args);
    if emit.act == EmitAct::Echo {
        return Heard::Echo(emit.echo.clone(), text);
    }
    if is_binary || text.len() > FRAME_BYTES {
        let message =
            format!("an event must be without binary data, of at most {FRAME_BYTES} bytes");
        return bad(FrameFault::BadFrame, message);
    }
    match frame(emit, args) {
        Ok(frame) => Heard::Said(Said::Frame { frame, reference }),
        Err((fault, message)) => bad(fault, message),
    }
}

/// JSON values, separated by commas.
fn inner(args: &[Value]) -> String {
    let text = serde_json::to_string(args).unwrap_or_default();
    text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or_default().to_owned()
}

fn unknown(form: &SocketIoForm) -> String {
    let names: Vec<&str> = form.emits.iter().map(|emit| emit.on.as_str()).collect();
    if names.is_empty() {
        return "clients may emit nothing here".to_owned();
    }
    format!("clients may emit: {}", names.join(", "))
}

type Fault = (FrameFault, String);

fn frame(emit: &Emit, args: Vec<Value>) -> Result<ClientFrame, Fault> {
    let fields = fields(args);
    match emit.act {
        EmitAct::Subscribe => {
            Ok(ClientFrame::Subscribe { topics: topics(emit, &fields)?, most: emit.clients })
        }
        EmitAct::Unsubscribe => Ok(ClientFrame::Unsubscribe { topics: topics(emit, &fields)? }),
        EmitAct::State => Ok(ClientFrame::RequestState),
        EmitAct::Refresh => match field(&fields, "token").and_then(Value::as_str) {
            Some(token) if !token.is_empty() => Ok(ClientFrame::Refresh { token: token.into() }),
            _ => Err((FrameFault::BadFrame, "`token` must be a token".to_owned())),
        },
        EmitAct::Pace => {
            let ms = field(&fields, "ms").and_then(Value::as_u64).and_then(pace);
            let message = "`ms` must be a whole number from 0 to 60000";
            ms.map(|ms| ClientFrame::Pace { ms })
                .ok_or_else(|| (FrameFault::BadFrame, message.to_owned()))
        }
        EmitAct::SetPresence => company("presence.set", None, &fields),
        EmitAct::GetPresence => company("presence.get", None, &fields),
        EmitAct::Signal => {
            let topic = emit.topic.as_ref().map(|template| topic(template, &fields)).transpose()?;
            company("signal", topic, &fields)
        }
        EmitAct::Echo => Ok(ClientFrame::Ping),
    }
}

/// The fields of the first argument, and the arguments by their numbers.
fn fields(args: Vec<Value>) -> Map<String, Value> {
    let mut fields = match args.first() {
        Some(Value::Object(fields)) => fields.clone(),
        _ => Map::new(),
    };
    for (number, arg) in args.into_iter().enumerate() {
        fields.insert(number.to_string(), arg);
    }
    fields
}

/// A field, or the first argument if it is no object.
fn field<'f>(fields: &'f Map<String, Value>, name: &str) -> Option<&'f Value> {
    fields.get(name).or_else(|| fields.get("0"))
}

/// A frame for the others. Its data are the first argument, or the field `data` of that.
fn company(
    kind: &str,
    topic: Option<String>,
    fields: &Map<String, Value>,
) -> Result<ClientFrame, Fault> {
    let data = fields.get("data").or_else(|| fields.get("0")).cloned().unwrap_or_default();
    let mut own = Map::new();
    own.insert("data".to_owned(), data);
    own.extend(topic.map(|topic| ("topic".to_owned(), topic.into())));
    let bad =
        |fault, message: &str| BadFrame { fault, message: message.to_owned(), reference: None };
    match CompanyFrame::read(kind, &own, bad) {
        Some(Ok(frame)) => Ok(ClientFrame::Company(frame)),
        Some(Err(BadFrame { fault, message, .. })) => Err((fault, message)),
        None => Err((FrameFault::UnknownType, kind.to_owned())),
    }
}

fn topics(emit: &Emit, fields: &Map<String, Value>) -> Result<Topics, Fault> {
    let Some(template) = &emit.topic else { return Ok(Topics::none()) };
    let topic = topic(template, fields)?;
    let parsed = Topics::parse([topic.as_str()]);
    parsed.map_err(|wrong| (FrameFault::BadTopic, wrong.to_string()))
}

fn topic(template: &Template, fields: &Map<String, Value>) -> Result<String, Fault> {
    // A whole topic as the first argument keeps its colons.
    let whole = template.is_only("0").then(|| fields.get("0").and_then(Value::as_str)).flatten();
    if let Some(topic) = whole {
        return Ok(topic.to_owned());
    }
    template.fill(&|name| fields.get(name)).map_err(|field| {
        let message =
            format!("`{field}` must be a text of 1 to {TOPIC_CHARS} characters or a number");
        (FrameFault::BadFrame, message)
    })
}
