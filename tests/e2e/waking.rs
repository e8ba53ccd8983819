//! Rooms that wake: large ones, old ones, broken ones.
