//! How clients join the world: with or without a position, with any view and any user.

use roomcast::protocol::dialect::Dialect;
use roomcast::protocol::grant::Grant;
use roomcast::protocol::ids::{ClientId, Position};
use roomcast::protocol::topics::Topics;
use roomcast::room::view::View;
use roomcast::room::{Input, Resume};

use crate::client::Client;
use crate::world::World;

/// How long a grant lasts by default: longer than every test.
pub(crate) const GRANTED_MS: u64 = 86_400_000;

impl World {
    /// A `roomcast.v1` client without a position.
    pub(crate) fn connect(&mut self) -> ClientId {
        self.join(Dialect::V1, None)
    }

    /// Enough clients for a window with a timer.
    pub(crate) fn crowd(&mut self) {
        for _ in 0..200 {
            self.connect();
        }
    }

    /// A `roomcast.v1` client that comes back with a position.
    pub(crate) fn resume(&mut self, position: &Position) -> ClientId {
        self.join(Dialect::V1, Some(position.clone()))
    }

    pub(crate) fn join(&mut self, dialect: Dialect, resume: Option<Position>) -> ClientId {
        self.join_until(dialect, resume, GRANTED_MS)
    }

    pub(crate) fn join_until(
        &mut self,
        dialect: Dialect,
        resume: Option<Position>,
        ms: u64,
    ) -> ClientId {
        let viewer = Client::new(dialect, resume.as_ref());
        self.join_as(viewer, (resume, None), ms)
    }

    /// A client with a view and a user.
    pub(crate) fn watch(&mut self, view: View, user: &str, resume: Option<Position>) -> ClientId {
        let viewer = Client::of(view, user, resume.as_ref());
        self.join_as(viewer, (resume, None), GRANTED_MS)
    }

    /// Connects a client again, from its own position.
    pub(crate) fn come_back(&mut self, client: Client) -> ClientId {
        let resume = client.try_position();
        self.join_as(client.again(), (resume, None), GRANTED_MS)
    }

    /// A client with this grant, which sees all topics that it allows.
    pub(crate) fn join_with(&mut self, dialect: Dialect, grant: Grant) -> ClientId {
        self.join_from(None, dialect, grant)
    }

    /// The same, counted by the seat of this address.
    pub(crate) fn join_from(
        &mut self,
        address: Option<&str>,
        dialect: Dialect,
        grant: Grant,
    ) -> ClientId {
        let view = View {
            topics: grant.topics.clone(),
            permissions: grant.permissions.clone(),
            ..View::of_all(dialect)
        };
        let viewer = Client::of(view.clone(), &grant.user, None);
        let resume = (view.dialect.resume(None), None);
        self.arrive(viewer, (grant, view), resume, address)
    }

    /// A client whose token allows these topics only.
    pub(crate) fn watch_allowed(&mut self, view: View, allowed: Topics) -> ClientId {
        let viewer = Client::of(view.clone(), "ada", None);
        let grant =
            Grant { topics: allowed, ..Grant::new("ada".into(), self.now.plus_ms(GRANTED_MS)) };
        self.arrive(viewer, (grant, view), (Resume::State, None), None)
    }

    /// Connects a client again from its own position, with other topics.
    pub(crate) fn come_back_for(&mut self, client: Client, topics: &Topics) -> ClientId {
        let resume = client.try_position();
        let seen = client.view.topics.clone();
        let mut client = client.again();
        client.change_topics(seen.within(topics), &self.history);
        let (mut wanted, resumes) = (client, (resume, Some(seen)));
        let had = std::mem::replace(&mut wanted.view.topics, topics.clone());
        let had = if resumes.0.is_some() { had } else { topics.clone() };
        self.join_wanting(wanted, had, resumes, GRANTED_MS)
    }

    fn join_as(
        &mut self,
        viewer: Client,
        resume: (Option<Position>, Option<Topics>),
        ms: u64,
    ) -> ClientId {
        let topics = viewer.view.topics.clone();
        self.join_wanting(viewer, topics, resume, ms)
    }

    /// Connects a client that first gets what it missed of the topics that it `had`.
    fn join_wanting(
        &mut self,
        mut viewer: Client,
        had: Topics,
        (resume, resume_topics): (Option<Position>, Option<Topics>),
        ms: u64,
    ) -> ClientId {
        let grant = Grant {
            permissions: viewer.view.permissions.clone(),
            ..Grant::new(viewer.user.clone(), self.now.plus_ms(ms))
        };
        let view = viewer.view.clone();
        let resume = view.dialect.resume(resume);
        viewer.view.topics = had;
        self.arrive(viewer, (grant, view), (resume, resume_topics), None)
    }

    /// The id of the next client.
    pub(crate) fn next_id(&self) -> ClientId {
        ClientId::from_random((self.joined + 1).to_be_bytes())
    }

    /// A client that its session lets in.
    pub(crate) fn let_in(&mut self, view: View, user: &str, resume: Resume) -> ClientId {
        let viewer = Client::of(view.clone(), user, None);
        let permissions = view.permissions.clone();
        let grant = Grant { permissions, ..Grant::new(user.into(), self.now.plus_ms(GRANTED_MS)) };
        self.arrive(viewer, (grant, view), (resume, None), None)
    }

    /// Connects a client of which `viewer` is what the test knows.
    fn arrive(
        &mut self,
        viewer: Client,
        (grant, view): (Grant, View),
        (resume, resume_topics): (Resume, Option<Topics>),
        address: Option<&str>,
    ) -> ClientId {
        let id = self.next_id();
        self.joined += 1;
        self.clients.insert(id.clone(), viewer);
        let (client, address) = (id.clone(), address.map(str::to_owned));
        let company = self.company;
        self.step(Input::Connected {
            client,
            grant,
            view,
            company,
            resume,
            resume_topics,
            address,
        });
        id
    }
}
