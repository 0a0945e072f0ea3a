//! The door of a listener, with attackers before it and on the way.

mod attacks;
mod figures;
mod ledger;
mod world;

use std::io::Write;
use std::time::SystemTime;

use clap::value_parser;
use pysage_net::BoxError;

use figures::Figures;
use world::World;

/// Attacks a listener and the peers that it has let in, over a simulated network in simulated time:
/// with hellos from made-up addresses, keys that are not let in, datagrams that are said again or
/// changed, and by revoking keys and changing them all the time. Counts what got to handlers.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Options {
    /// How many hellos come from made-up addresses
    #[arg(long, default_value_t = 200_000, value_parser = value_parser!(u64).range(1..))]
    hellos: u64,
    /// How many datagrams are said again, and how many changed ones there are
    #[arg(long, default_value_t = 500_000, value_parser = value_parser!(u64).range(1..))]
    datagrams: u64,
    /// How many try with a key that is not let in, and how many are called with a wrong one
    #[arg(long, default_value_t = 40, value_parser = value_parser!(u64).range(1..))]
    strangers: u64,
    /// How often keys are revoked
    #[arg(long, default_value_t = 40, value_parser = value_parser!(u64).range(1..))]
    revocations: u64,
    /// How many new keys there are where a fifth of the datagrams is lost
    #[arg(long, default_value_t = 1_000, value_parser = value_parser!(u64).range(1..))]
    rekeys: u64,
    /// All that is left to chance follows from this; the time unless given
    #[arg(long)]
    seed: Option<u64>,
}

/// Plays the soak; whether all promises held.
pub(crate) fn soak(options: &Options) -> Result<bool, BoxError> {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let seed = options.seed.unwrap_or_else(|| now.map_or(0, |now| u64::from(now.subsec_nanos())));
    let mut world = World::new(seed)?;
    let mut figures = Figures { seed, ..Figures::default() };
    world.connect()?;
    attacks::flood(&mut world, options.hellos, &mut figures)?;
    attacks::on_the_way(&mut world, options.datagrams, &mut figures)?;
    attacks::strangers(&mut world, options.strangers, &mut figures)?;
    attacks::revoke(&mut world, options.revocations, &mut figures)?;
    attacks::change_keys(&mut world, options.rekeys, &mut figures)?;
    let wrongs = figures.wrongs(&world);
    for wrong in &wrongs {
        eprintln!("soak: {wrong}");
    }
    writeln!(std::io::stdout(), "{}", serde_json::to_string(&figures)?)?;
    Ok(wrongs.is_empty())
}
