//! Links to targets: in process, address, child process
