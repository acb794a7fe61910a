//! The flow interpreter and the judge
