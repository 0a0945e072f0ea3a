//! Makes keys for `Security::keys` and `Security::psk`.
//!
//! ```sh
//! pysage-keys identity > server.key      # a new pair: the secret part; the public part is shown
//! pysage-keys public < server.key        # the public part of a pair
//! pysage-keys shared > guests.key        # a new key that all who may come in share
//! ```

use std::error::Error;
use std::io::{self, Read, Write};

use pysage_net::{Identity, PresharedKey};

const HELP: &str = "\
Makes keys for `Security::keys` and `Security::psk` of pysage-net.

Usage: pysage-keys identity     a new pair of keys: writes the secret part, shows the public part
       pysage-keys public       reads the secret part of a pair, writes the public part
       pysage-keys shared       writes a new key that all who may come in share

What begins with `secret-` or `shared-` is a secret: write it to a file that only its owner reads,
such as with `umask 077; pysage-keys identity > server.key`. Nothing goes over the network.";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let written = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["identity"] => {
            let identity = Identity::generate();
            writeln!(io::stderr(), "the public part, for others: {}", identity.public_key())?;
            identity.to_secret_text()
        }
        ["public"] => {
            let mut given = String::new();
            io::stdin().read_to_string(&mut given)?;
            given.parse::<Identity>()?.public_key().to_string()
        }
        ["shared"] => PresharedKey::generate().to_secret_text(),
        ["--help" | "-h" | "help"] => HELP.to_owned(),
        _ => return Err(format!("that is not known\n\n{HELP}").into()),
    };
    writeln!(io::stdout(), "{written}")?;
    Ok(())
}
