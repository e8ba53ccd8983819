//! `roomcast tail`: prints the updates of a session as they happen.
//!
//! This module is the loop around connections: a token, a connection, a pause. The pure modules `viewer` and
//! `ending` decide what is shown and whether to connect again.

use std::time::Duration;

use roomcast::auth::token::TokenPolicy;
use roomcast::deployment::failure::Failure;
use roomcast::deployment::settings::Settings;
use roomcast::deployment::target::Target;
use roomcast::deployment::{random, token};
use tokio::time::sleep;

use crate::pause;

mod connection;
mod ending;
mod frame;
mod options;
mod printer;
mod viewer;

use ending::{Circumstances, Ending, Next};
pub(crate) use options::TailOptions;
use printer::Printer;
use viewer::Viewer;

/// How long a minted token lasts. Each connection gets a new one.
const MINTED_FOR: Duration = Duration::from_hours(1);

/// Watches the session until the user ends it, enough has been shown, or the server refuses.
///
/// # Errors
/// A refusal that connecting again would not change.
pub(crate) async fn run(target: &Target, options: &TailOptions) -> Result<(), Failure> {
    let mut watch = Watch::new(target, options)?;
    let outcome = tokio::select! {
        outcome = watch.run() => outcome,
        _ = tokio::signal::ctrl_c() => Ok(()),
        () = printer::reader_left() => return Ok(()),
    };
    if let Some(position) = watch.viewer.position().filter(|_| !watch.printer.deserted()) {
        printer::note(&format!("seen up to {position}; continue with --from {position}"));
    }
    outcome
}

/// Where the tokens come from.
enum Pass {
    /// The user gave one.
    Given(String),
    /// They are minted under this policy, with the key in the named setting.
    Minted(TokenPolicy, String),
}

struct Watch<'a> {
    target: &'a Target,
    options: &'a TailOptions,
    server: String,
    pass: Pass,
    viewer: Viewer,
    printer: Printer,
    /// The server has been reached before.
    reached: bool,
    /// Attempts that have failed since the last good connection.
    failed: u32,
}

impl<'a> Watch<'a> {
    fn new(target: &'a Target, options: &'a TailOptions) -> Result<Self, Failure> {
        Ok(Self {
            target,
            options,
            server: target.endpoint().to_string(),
            pass: pass(target, options)?,
            viewer: Viewer::new(options.from.clone()),
            printer: Printer::new(options.json, options.count),
            reached: false,
            failed: 0,
        })
    }

    async fn run(&mut self) -> Result<(), Failure> {
        loop {
            let ending = self.connect().await?;
            match ending.next(&self.circumstances()) {
                Next::Done => return Ok(()),
                Next::Stop(failure) => return Err(failure),
                Next::Again(why) => self.pause(&ending, &why).await,
            }
        }
    }

    async fn connect(&mut self) -> Result<Ending, Failure> {
        let token = self.token()?;
        let url = self.target.endpoint().live(&self.options.session, self.viewer.position());
        self.viewer.begin();
        let ending = connection::follow(&url, &token, &mut self.viewer, &mut self.printer).await?;
        if let Ending::Enough(last) = ending {
            self.viewer.seen_only(last);
        }
        self.reached |= !matches!(ending, Ending::Unreachable(_));
        Ok(ending)
    }

    /// Pauses before the next connection. A connection that received `connected` was good, unless it ended because the
    /// server left something out.
    async fn pause(&mut self, ending: &Ending, why: &str) {
        if self.viewer.welcomed() && !matches!(ending, Ending::Gap(_)) {
            self.failed = 0;
        }
        let pause = pause::after(self.failed, random::spread());
        self.failed = self.failed.saturating_add(1);
        let place = self.viewer.position().map(|at| format!(" from {at}")).unwrap_or_default();
        printer::note(&format!("{why}; connecting again{place} in {}", pause::text(pause)));
        sleep(pause).await;
    }

    fn circumstances(&self) -> Circumstances<'_> {
        let minted_with = match &self.pass {
            Pass::Given(_) => None,
            Pass::Minted(_, setting) => Some(setting.as_str()),
        };
        let (server, welcomed) = (self.server.as_str(), self.viewer.welcomed());
        Circumstances { server, minted_with, welcomed, reached: self.reached }
    }

    fn token(&self) -> Result<String, Failure> {
        let session = self.options.session.to_string();
        match &self.pass {
            Pass::Given(token) => Ok(token.clone()),
            Pass::Minted(policy, _) => {
                let sessions = [session];
                token::mint(policy, &token::token(&self.options.user, &sessions, MINTED_FOR))
            }
        }
    }
}

fn pass(target: &Target, options: &TailOptions) -> Result<Pass, Failure> {
    if let Some(token) = &options.token {
        return Ok(Pass::Given(token.trim().to_owned()));
    }
    let settings = Settings::load(target)?;
    Ok(Pass::Minted(settings.token_policy()?, settings.name("TOKEN_SECRET")))
}
