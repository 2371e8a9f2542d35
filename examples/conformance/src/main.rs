//! The program; see the library and `conformance --help`.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use conformance::{Error, Report};

/// Runs suites that others wrote through the public interface of the Mailwright crates. Each case that does not pass is told with what was expected and what was
/// found; the last line is `N passed, N failed, N skipped`. The exit code is 0 if none failed, 1 if one did, 2 if a suite cannot be run.
#[derive(Debug, Parser)]
#[command(name = "conformance", version, after_help = EXAMPLES)]
struct Cli {
    /// Which form the files have
    suite: Suite,
    /// The suite's files or folders
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
}

const EXAMPLES: &str = "Examples:
  conformance spf rfc7208-tests.yml               SPF, with the zones in the file
  conformance dkim DIR                            DKIM: DIR has corpus/, FAKE_DNS.dat and expected.json
  conformance arc arc-draft-sign-tests.json       ARC chains, validated and sealed
  conformance dmarc rfc9989-compliance.json       DMARC, with the DNS in the file
  conformance auth-results parse-cases.json       fields, and what is to be read in them";

/// A form of suites.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Suite {
    /// check_host() over zones in the form of the openspf suites (YAML)
    Spf,
    /// Signed messages, their keys and results, in the layout of Mail::DKIM's corpus (a folder)
    Dkim,
    /// ARC chains and what they come to, or the fields that sealing adds, in the form of ValiMail's suite (JSON)
    Arc,
    /// DMARC's verdicts on recorded messages and zones (JSON)
    Dmarc,
    /// Authentication-Results fields and what a reader must find (JSON)
    AuthResults,
}

impl Suite {
    fn run(self, path: &Path) -> Result<Report, Error> {
        match self {
            Self::Spf => conformance::spf::run(path),
            Self::Dkim => conformance::dkim::run(path),
            Self::Arc => conformance::arc::run(path),
            Self::Dmarc => conformance::dmarc::run(path),
            Self::AuthResults => conformance::auth_results::run(path),
        }
    }
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let mut report = Report::default();
    for path in &cli.paths {
        match cli.suite.run(path) {
            Ok(more) => report.append(more),
            Err(error) => {
                let _ = writeln!(io::stderr(), "conformance: {error}");
                return ExitCode::from(2);
            }
        }
    }
    let _ = writeln!(io::stdout(), "{report}");
    if report.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
