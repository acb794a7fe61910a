//! Pure functions from results to reports
