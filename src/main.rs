//! `guichet`: reads the command line, then hands over to [`guichet::cli`]. Exit codes: 0 done, 1 refused or partly
//! failed, 2 usage or configuration. May import: cli, telemetry.

use clap::Parser;
use guichet::cli::{self, Cli};
use std::process::ExitCode;

fn main() -> ExitCode {
    let cli = Cli::parse_from(cli::globals_first(std::env::args_os()));
    let setting = |name| std::env::var(name).ok();
    guichet::telemetry::start(
        cli.is_one_shot(),
        setting("GUICHET_LOG").as_deref(),
        setting("GUICHET_LOG_FORMAT").as_deref(),
    );
    // rustls wants one provider of cryptography for the whole process; a second call would only say so.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(cli::run(cli));
    // A worker that still reads a slow disk must not keep the process.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    code
}
