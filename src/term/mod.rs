//! Text for people: notes, tables, colours and durations.

pub mod colour;
pub mod duration;
pub mod notes;
pub mod progress;
pub(crate) mod size;
pub mod table;
pub mod text;
pub mod width;
