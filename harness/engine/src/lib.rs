//! Probe, twins, schedule, one stream of events
