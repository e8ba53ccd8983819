use super::*;

/// A million events, each posted alone to one room, without clients.
pub(crate) const POSTS: Case = Case {
    events: 1e6,
    batch: 1.0,
    rooms_per_post: 1.0,
    posts_per_burst: 1.0,
    new_sessions: 0.0,
    sessions: 0.0,
    clients: 0.0,
    connects: 0.0,
    seats: 0.0,
    new_places: 1.0,
    awake_ms: 5.0,
    cpu_ms: 1.0,
    asleep: 0.0,
    stored_gb: 0.0,
};

fn total(case: &Case) -> Usage {
    case.month().into_iter().fold(Usage::default(), |sum, (_, usage)| sum + usage)
}

#[test]
fn a_lone_event_costs_two_requests_a_row_and_its_share_of_a_checkpoint() {
    let usage = Usage {
        worker_requests: 1e6,
        cpu_ms: 1e6,
        object_requests: 1e6,
        awake_ms: 5e6,
        rows_written: 1_015_625.0,
        rows_read: 1_015_625.0,
        ..Usage::default()
    };
    assert_eq!(total(&POSTS), usage);
}

#[test]
fn events_of_a_post_share_its_cost_and_posts_of_a_burst_share_that_of_the_room() {
    assert_eq!(total(&Case { batch: 100.0, ..POSTS }) * 100.0, total(&POSTS));
    let shared = total(&Case { posts_per_burst: 10.0, ..POSTS });
    assert_eq!((shared.worker_requests, shared.object_requests), (1e6, 1e6));
    assert_eq!((shared.rows_written, shared.awake_ms), (101_562.5, 5e5));
    let spread = total(&Case { batch: 4.0, rooms_per_post: 2.0, ..POSTS });
    assert_eq!((spread.worker_requests, spread.object_requests), (250_000.0, 500_000.0));
}

#[test]
fn a_room_that_was_asleep_reads_its_log_for_each_burst() {
    let usage = total(&Case { asleep: 0.5, ..POSTS });
    let awake = total(&POSTS);
    assert_eq!(usage, Usage { rows_read: awake.rows_read + 0.5 * 550.0 * 1e6, ..awake });
}

#[test]
fn rooms_without_events_cost_their_beginning_upgrades_pings_and_a_sweep_a_minute() {
    let case = Case { events: 0.0, sessions: 2.0, clients: 10.0, connects: 100.0, ..POSTS };
    let case = Case { new_sessions: 3.0, ..case };
    // 43,200 minutes in two rooms; 86,400 pings of each of ten clients.
    let usage = Usage {
        worker_requests: 100.0,
        cpu_ms: 100.0,
        object_requests: 86_400.0 + 100.0,
        messages: 864_000.0,
        awake_ms: 5.0 * 86_500.0,
        rows_written: 3.0 * 4.0 + 86_400.0 + 100.0,
        rows_read: 3.0 * 4.0,
        ..Usage::default()
    };
    assert_eq!(total(&case), usage);
}

#[test]
fn each_seat_that_counts_a_connection_is_a_request_and_for_a_new_place_a_row() {
    let uncounted = Case { events: 0.0, connects: 1e6, ..POSTS };
    let counted = |seats, new_places| total(&Case { seats, new_places, ..uncounted });
    let bare = counted(0.0, 1.0);
    let usage = Usage {
        object_requests: bare.object_requests + 2e6,
        awake_ms: bare.awake_ms + 10e6,
        rows_written: bare.rows_written + 2e6,
        rows_read: bare.rows_read + 2e6,
        ..bare
    };
    assert_eq!(counted(2.0, 1.0), usage);
    let known = Usage {
        object_requests: bare.object_requests + 1e6,
        awake_ms: bare.awake_ms + 5e6,
        ..bare
    };
    assert_eq!(counted(1.0, 0.0), known);
}
