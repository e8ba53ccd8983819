//! Which codes each route answers with. Their statuses and meanings stand in the tables of codes.
//!
//! A wrong method is answered 405 everywhere, which no operation of a document can say.

use super::problems::Code;
use crate::protocol::codes::{ProblemCode, Refusal};
use crate::protocol::route::Route;

use ProblemCode as P;
use Refusal as R;

/// What can be said at any path.
const ANYWHERE: [Code; 2] = [Code::Problem(P::Internal), Code::Problem(P::Misconfigured)];

/// Whose path it is.
const TENANT: [Refusal; 3] = [R::TenantSuspended, R::TenantUnknown, R::RoomFailed];

/// Whether the reader may read.
const ADMISSION: [Refusal; 11] = [
    R::BadSession,
    R::BadPosition,
    R::BadTopics,
    R::BadPace,
    R::TokenMissing,
    R::TokenInvalid,
    R::TokenRevoked,
    R::TokenExpired,
    R::OriginRefused,
    R::SessionRefused,
    R::TopicRefused,
];

/// Whether there is a place.
const PLACES: [Refusal; 5] =
    [R::UserFull, R::AttemptsExceeded, R::AddressFull, R::RoomFull, R::RoomBusy];

/// How a body arrives.
const BODY: [ProblemCode; 4] = [P::Unreadable, P::BodyLate, P::TooLarge, P::Malformed];

/// How a signed body arrives.
const SIGNED: [ProblemCode; 5] = [
    P::SignatureMissing,
    P::SignatureInvalid,
    P::SignatureStale,
    P::UnsupportedMediaType,
    P::UnsupportedEncoding,
];

/// Whether the operator may look at the console.
const CONSOLE: [Refusal; 9] = [
    R::BadPosition,
    R::BadTopics,
    R::BadPace,
    R::OriginRefused,
    R::TopicRefused,
    R::AttemptsExceeded,
    R::RoomFull,
    R::RoomBusy,
    R::RoomFailed,
];

/// The codes with which a method of a route is answered, with a problem document.
pub(super) fn codes(route: Route, method: &str) -> Vec<Code> {
    let own = match (route, method) {
        (Route::Events, _) => {
            [refusals(&TENANT), problems(&BODY), problems(&SIGNED), problems(&[P::EventsExceeded])]
                .concat()
        }
        (Route::Revocations, _) => [refusals(&TENANT), problems(&BODY), problems(&SIGNED)].concat(),
        (Route::Live, "HEAD") => [refusals(&TENANT), problems(&[P::UpgradeRequired])].concat(),
        (Route::Live, _) => {
            let to_join = [refusals(&ADMISSION), refusals(&PLACES)].concat();
            [refusals(&TENANT), to_join, problems(&[P::UpgradeRequired])].concat()
        }
        (Route::State | Route::Log | Route::Presence, "OPTIONS") => refusals(&TENANT),
        (Route::State, _) => reading(&[]),
        (Route::Log, _) => reading(&[P::BadRange]),
        (Route::Presence, _) => reading(&[P::NotFound]),
        (Route::Tenants, _) => problems(&[P::AdminRefused, P::Malformed]),
        (Route::Tenant | Route::Reseal, method) => {
            [problems(&[P::AdminRefused, P::NotFound]), changing(route, method)].concat()
        }
        (Route::TenantRevocations, _) => {
            let asked = problems(&[P::AdminRefused, P::NotFound]);
            [asked, problems(&BODY), refusals(&[R::RoomFailed])].concat()
        }
        (Route::Watch | Route::Room, _) => problems(&[P::AdminRefused, P::NotFound]),
        (Route::Rooms | Route::Usage | Route::Metrics, _) => {
            problems(&[P::AdminRefused, P::NotFound, P::Malformed])
        }
        (Route::Console, "HEAD") => problems(&[P::UpgradeRequired]),
        (Route::Console, _) => {
            [refusals(&CONSOLE), problems(&[P::AdminRefused, P::UpgradeRequired])].concat()
        }
        (Route::Health, _) => Vec::new(),
        // A deployment without pages has nothing there.
        (Route::Start | Route::ConsolePage | Route::Page, _) => problems(&[P::NotFound]),
        (Route::OpenApi | Route::OpenApiPage | Route::AsyncApi | Route::AsyncApiPage, _) => {
            problems(&[P::NotFound])
        }
    };
    own.into_iter().chain(ANYWHERE).collect()
}

fn reading(more: &[ProblemCode]) -> Vec<Code> {
    [refusals(&TENANT), refusals(&ADMISSION), problems(more)].concat()
}

fn changing(route: Route, method: &str) -> Vec<Code> {
    match (route, method) {
        (Route::Reseal, _) => problems(&[P::Conflict, P::Malformed]),
        (_, "PUT") => [problems(&BODY), problems(&[P::Conflict, P::PreconditionFailed])].concat(),
        (_, "DELETE") => problems(&[P::Conflict, P::PreconditionFailed]),
        _ => Vec::new(),
    }
}

fn problems(codes: &[ProblemCode]) -> Vec<Code> {
    codes.iter().copied().map(Code::Problem).collect()
}

fn refusals(refusals: &[Refusal]) -> Vec<Code> {
    refusals.iter().copied().map(Code::Refusal).collect()
}
