//! The command `gauntlet`.

use std::process::ExitCode;

fn main() -> ExitCode {
    tls_gauntlet::main()
}
