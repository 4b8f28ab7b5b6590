//! Tests of the league through its public interface.

mod goal;
mod pair;
