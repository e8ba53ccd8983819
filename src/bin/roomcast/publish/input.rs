//! Reads events from a file, a pipe, or the command line itself.
//!
//! A file is read to its end before anything is sent, so that nothing of a malformed file is sent and the progress
//! has a total. The events of a pipe are handed out as they arrive.

use std::collections::VecDeque;
use std::io::Cursor;

use roomcast::deployment::failure::Failure;
use roomcast::limits::{POST_BYTES, POST_EVENTS};
use tokio::fs::File;
use tokio::io::{stdin, AsyncRead, AsyncReadExt as _};

use super::framing::Framing;
use crate::posting::batch::{take, Event};

const CHUNK_BYTES: usize = 64 * 1024;

type Bytes = Box<dyn AsyncRead + Send + Unpin>;

/// A source of events.
pub(crate) struct Input {
    bytes: Bytes,
    framing: Framing,
    waiting: VecDeque<Event>,
    /// More events may arrive at any time, so those that are there are not held back to fill a batch.
    live: bool,
    /// No more bytes will come.
    ended: bool,
    /// The fault that ended the input. It is reported once, after the events before it.
    failed: Option<Failure>,
    total: Option<usize>,
}

impl Input {
    /// Opens what the argument names: `-`, a file, or the JSON itself.
    ///
    /// # Errors
    /// The file cannot be read, or is malformed.
    pub(crate) async fn open(argument: &str) -> Result<Self, Failure> {
        if argument == "-" {
            return Ok(Self::new(Box::new(stdin()), true));
        }
        if argument.trim_start().starts_with(['{', '[']) {
            let text = || Box::new(Cursor::new(argument.to_owned().into_bytes()));
            return Self::whole(text(), text()).await;
        }
        let file = opened(argument).await?;
        let metadata = file.metadata().await.map_err(|error| unreadable(argument, &error))?;
        if metadata.is_file() {
            let again = opened(argument).await?;
            return Self::whole(Box::new(file), Box::new(again)).await;
        }
        Ok(Self::new(Box::new(file), true))
    }

    /// How many events there are, if that is known.
    pub(crate) fn total(&self) -> Option<usize> {
        self.total
    }

    /// The next events that fit into one request, at most `most`; `None` after the last.
    ///
    /// # Errors
    /// The fault that ended the input, once the events before it have been handed out.
    pub(crate) async fn next(&mut self, most: usize) -> Result<Option<Vec<Event>>, Failure> {
        while !self.ended && !self.enough(most) {
            self.read().await;
        }
        let events = take(&mut self.waiting, most);
        match self.failed.take_if(|_| events.is_empty()) {
            Some(failure) => Err(failure),
            None => Ok(Some(events).filter(|events| !events.is_empty())),
        }
    }

    fn new(bytes: Bytes, live: bool) -> Self {
        let (framing, waiting) = (Framing::new(), VecDeque::new());
        Self { bytes, framing, waiting, live, ended: false, failed: None, total: None }
    }

    /// Reads `first` to its end to check and count its events. They are then handed out from `again`, which has the
    /// same bytes.
    async fn whole(first: Bytes, again: Bytes) -> Result<Self, Failure> {
        let mut counted = Self::new(first, false);
        let mut total = 0;
        while let Some(events) = counted.next(POST_EVENTS).await? {
            total += events.len();
        }
        Ok(Self { total: Some(total), ..Self::new(again, false) })
    }

    fn enough(&self, most: usize) -> bool {
        let some = !self.waiting.is_empty();
        let bytes = || self.waiting.iter().map(|event| event.text.len()).sum::<usize>();
        some && (self.live || self.waiting.len() >= most || bytes() >= POST_BYTES)
    }

    async fn read(&mut self) {
        let mut chunk = vec![0; CHUNK_BYTES];
        let framed = match self.bytes.read(&mut chunk).await {
            Ok(0) => {
                self.ended = true;
                self.framing.end()
            }
            Ok(length) => self.frame(chunk.get(..length).unwrap_or_default()),
            Err(error) => Err(unreadable("the input", &error)),
        };
        if let Err(failure) = framed {
            self.ended = true;
            self.failed = Some(failure);
        }
    }

    fn frame(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        for byte in bytes {
            self.waiting.extend(self.framing.push(*byte)?);
        }
        Ok(())
    }
}

async fn opened(path: &str) -> Result<File, Failure> {
    File::open(path).await.map_err(|error| unreadable(path, &error))
}

fn unreadable(what: &str, error: &std::io::Error) -> Failure {
    Failure::Input(format!("{what} cannot be read: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn batches(mut input: Input, most: usize) -> Result<Vec<Vec<usize>>, Failure> {
        let mut batches = Vec::new();
        while let Some(events) = input.next(most).await? {
            batches.push(events.iter().map(|event| event.line).collect());
        }
        Ok(batches)
    }

    #[tokio::test]
    async fn whole_input_is_counted_and_fills_its_batches() {
        let input = Input::open("[{},{},\n{}]").await.unwrap();
        assert_eq!(input.total(), Some(3));
        assert_eq!(batches(input, 2).await, Ok(vec![vec![1, 1], vec![2]]));
    }

    #[tokio::test]
    async fn whole_input_that_is_malformed_hands_out_nothing() {
        let failure = Input::open("{}\n{}\n{\"a\":1").await.err().unwrap();
        assert_eq!(failure.exit_code(), 2);
        assert!(failure.to_string().starts_with("line 3: "));
        let missing = Input::open("/nowhere.jsonl").await.err().unwrap();
        assert!(missing.to_string().starts_with("/nowhere.jsonl cannot be read"));
    }

    #[tokio::test]
    async fn a_pipe_hands_out_events_as_they_arrive_and_its_fault_after_them() {
        use tokio::io::AsyncWriteExt as _;
        let (mut writer, reader) = tokio::io::duplex(1_024);
        let mut input = Input::new(Box::new(reader), true);
        writer.write_all(b"{}\n{}\n{\"a\"").await.unwrap();
        assert_eq!(input.next(100).await.unwrap().unwrap().len(), 2);
        writer.write_all(b":1}\n{}\nnonsense\n").await.unwrap();
        assert_eq!(input.next(100).await.unwrap().unwrap().len(), 2);
        assert!(input.next(100).await.unwrap_err().to_string().starts_with("line 5: "));
        assert_eq!(input.next(100).await, Ok(None));
    }
}
