//! The rows that the algorithm has to pass, each over several seeds.

mod flow;
mod hostile;
mod simulation;

use std::time::{Duration, Instant};

use super::{Congestion, Told};
use flow::Plan;
use simulation::{Simulation, Way, quantile};

const fn ms(milliseconds: u64) -> Duration {
    Duration::from_millis(milliseconds)
}

const fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn run(seed: u64, way: Way, plans: &[Plan], until: Duration) -> Simulation {
    let mut simulation = Simulation::new(seed, way, plans);
    simulation.run(until);
    simulation
}

/// How long it takes until all is delivered, the median of so many seeds.
fn median_s(way: Way, datagrams: usize, seeds: u64) -> f64 {
    let times: Vec<f64> = (0..seeds)
        .map(|seed| {
            let simulation = run(seed, way, &[Plan::of(datagrams)], s(60));
            assert!(simulation.flows[0].is_done(), "seed {seed}: not all was delivered");
            simulation.now.as_secs_f64()
        })
        .collect();
    quantile(&times, 0.5)
}

/// Jain's index: 1 if all rates are the same.
fn fairness(rates: &[f64]) -> f64 {
    let sum: f64 = rates.iter().sum();
    let squares: f64 = rates.iter().map(|rate| rate * rate).sum();
    sum * sum / (squares * rates.len() as f64)
}

/// What share of the bandwidth flows have together, and how fairly, both since all have run.
fn shared(simulation: &Simulation, way: Way, until: Duration) -> (f64, f64) {
    let from = simulation.flows.iter().map(|flow| flow.plan.starts_at).max().expect("a flow");
    let rates: Vec<f64> = simulation.flows.iter().map(|flow| flow.rate(from, until)).collect();
    (rates.iter().sum::<f64>() / way.bandwidth, fairness(&rates))
}

#[test]
fn random_loss_and_jitter_do_not_slow_it_down() {
    let way = Way { loss: 0.2, jitter: ms(30), reordered: 0.1, ..Way::new(0, 0, 50) };
    for seed in 0..3 {
        let simulation = run(seed, way, &[Plan::of(74_000)], s(60));
        let (done, now) = (simulation.flows[0].is_done(), simulation.now);
        assert!(done && now < s(20), "seed {seed}: {now:?}");
    }
}

#[test]
fn a_slow_bottleneck_is_filled_and_its_queue_is_not() {
    let way = Way::new(1_000, 12_500, 20);
    for seed in 0..5 {
        let simulation = run(seed, way, &[Plan::bulk()], s(20));
        let used = simulation.flows[0].rate(s(0), s(20)) / way.bandwidth;
        let (dropped, delay_ms) = (simulation.drop_share(), simulation.queue_delay_ms(0.5));
        assert!(used > 0.95, "seed {seed}: {used}");
        assert!(dropped < 0.02, "seed {seed}: {dropped}");
        assert!(delay_ms < 30.0, "seed {seed}: {delay_ms}");
    }
}

#[test]
fn flows_share_a_bottleneck() {
    let way = Way::new(8_000, 100_000, 20);
    let late = [Plan::bulk(), Plan::bulk(), Plan::bulk().from(s(5))];
    for plans in [&[Plan::bulk(); 8][..], &[Plan::bulk(); 2], &late, &late[1..]] {
        for seed in 0..3 {
            let simulation = run(seed, way, plans, s(15));
            let (used, fairness) = shared(&simulation, way, s(15));
            let dropped = simulation.drop_share();
            let row = format!("seed {seed}, {} flows", plans.len());
            assert!(used > 0.9, "{row}: {used}");
            assert!(fairness > 0.9, "{row}: {fairness}");
            assert!(dropped < 0.03, "{row}: {dropped}");
        }
    }
}

#[test]
fn random_loss_leaves_a_quick_bottleneck_filled() {
    let way = Way { loss: 0.2, ..Way::new(20_000, 250_000, 20) };
    for seed in 0..3 {
        let simulation = run(seed, way, &[Plan::bulk()], s(10));
        let used = simulation.flows[0].rate(s(0), s(10)) / (0.8 * way.bandwidth);
        assert!(used > 0.75, "seed {seed}: {used}");
    }
}

#[test]
fn a_burst_of_small_messages_is_quick_under_loss() {
    let way = Way::new(0, 0, 10);
    for (loss, longest) in [(0.0, 0.11), (0.05, 0.15), (0.2, 0.25)] {
        let median = median_s(Way { loss, ..way }, 560, 31);
        assert!(median < longest, "loss {loss}: {median}");
    }
}

#[test]
fn a_socket_that_is_served_seldom_is_slow_by_little() {
    let served = Way { service: ms(16), ..Way::new(0, 0, 10) };
    let median = median_s(served, 560, 31);
    assert!(median < 0.2, "{median}");
    let way = Way { service: ms(16), ..Way::new(10_000, 100_000, 20) };
    for seed in 0..3 {
        let simulation = run(seed, way, &[Plan::bulk()], s(10));
        let used = simulation.flows[0].rate(s(0), s(10)) / way.bandwidth;
        assert!(used > 0.9, "seed {seed}: {used}");
    }
}

#[test]
fn a_game_beside_bulk_waits_little() {
    let game = Plan { bytes: 120, every: ms(33), ..Plan::bulk() };
    for seed in 0..3 {
        let simulation = run(seed, Way::new(1_000, 12_500, 20), &[Plan::bulk(), game], s(20));
        let delay_ms = quantile(&simulation.flows[1].delays_ms, 0.99);
        assert!(delay_ms < 85.0, "seed {seed}: {delay_ms}");
    }
}

#[test]
fn on_a_lan_it_is_never_what_limits() {
    for latency in [Duration::from_micros(25), Duration::from_micros(500)] {
        let median = median_s(Way { latency, ..Way::new(0, 0, 0) }, 20_000, 3);
        let round_trips = median / (2.0 * latency.as_secs_f64());
        assert!(round_trips < 20.0, "{latency:?}: {round_trips}");
    }
    let way = Way { latency: Duration::from_micros(200), ..Way::new(1_000_000, 250_000, 0) };
    let used = 20_000.0 * 9_600.0 / way.bandwidth / median_s(way, 20_000, 3);
    assert!(used > 0.95, "{used}");
}

#[test]
fn a_short_queue_is_seen_by_its_drops() {
    for loss in [0.0, 0.02] {
        let way = Way { loss, ..Way::new(20_000, 30_000, 20) };
        for seed in 0..3 {
            let simulation = run(seed, way, &[Plan::bulk(); 2], s(10));
            let (used, _) = shared(&simulation, way, s(10));
            let dropped = simulation.drop_share();
            assert!(used > 0.85, "seed {seed}, loss {loss}: {used}");
            assert!(dropped < 0.03, "seed {seed}, loss {loss}: {dropped}");
        }
    }
}

#[test]
fn a_bottleneck_that_is_far_too_small_is_not_flooded() {
    for seed in 0..3 {
        let simulation = run(seed, Way::new(1_000, 12_500, 20), &[Plan::bulk(); 8], s(20));
        let dropped = simulation.drop_share();
        assert!(dropped < 0.35, "seed {seed}: {dropped}");
    }
}

#[test]
fn marks_shorten_the_queue() {
    let way = Way { service: ms(4), ..Way::new(10_000, 100_000, 20) };
    let marking = Way { mark_above_bytes: 15_000.0, ..way };
    for seed in 0..5 {
        let without = run(seed, way, &[Plan::bulk()], s(6)).queue_delay_ms(0.99);
        let simulation = run(seed, marking, &[Plan::bulk()], s(6));
        let with = simulation.queue_delay_ms(0.99);
        let used = simulation.flows[0].rate(s(0), s(6)) / way.bandwidth;
        assert!(with < 0.8 * without && used > 0.9, "seed {seed}: {with} {without} {used}");
    }
}

#[test]
fn after_a_blackout_it_is_back_at_once() {
    let way = Way { blackout: (s(4), s(7)), ..Way::new(10_000, 100_000, 20) };
    for seed in 0..5 {
        let simulation = run(seed, way, &[Plan::bulk()], s(10));
        let flow = &simulation.flows[0];
        let back = flow.deliveries.iter().find(|&&at| at > s(7)).expect("it comes back");
        let used = flow.rate(*back + ms(80), *back + ms(280)) / way.bandwidth;
        assert!(used > 0.5, "seed {seed}: back {back:?}, {used}");
    }
}

/// A window that has grown to more than 1,000 datagrams.
fn grown(start: Instant) -> (Congestion, Instant) {
    let mut congestion = Congestion::new(start, 1_200, ms(50));
    let mut now = start;
    while congestion.window_bytes() < 1_000 * 1_200 {
        fill(&mut congestion, now);
        now += ms(50);
    }
    (congestion, now)
}

/// Sends as much as there is room for, and has it acknowledged a round trip later.
fn fill(congestion: &mut Congestion, now: Instant) {
    let mut stamps = Vec::new();
    while (stamps.len() + 1) * 1_200 <= congestion.window_bytes() {
        stamps.push(congestion.sent(now, 1_200, stamps.len() * 1_200));
    }
    for stamp in stamps {
        congestion.acked(stamp);
    }
    congestion.told(now + ms(50), Told { round_trip: Some(ms(50)), lost_bytes: 0, marked: 0 });
}

#[test]
fn after_a_pause_the_old_window_does_not_leave_at_once() {
    let (mut congestion, now) = grown(Instant::now());
    let after = now + s(3);
    let mut sent = 0;
    while congestion.departs_at(after) <= after && (sent + 1) * 1_200 <= congestion.window_bytes() {
        congestion.sent(after, 1_200, sent * 1_200);
        sent += 1;
    }
    assert!((8..=150).contains(&sent), "{sent}");
    assert!(congestion.window_bytes() >= 100 * 1_200);
}

#[test]
fn a_window_that_is_not_used_neither_grows_nor_shrinks() {
    let (mut congestion, mut now) = grown(Instant::now());
    let window = congestion.window_bytes();
    for _ in 0..100 {
        let stamp = congestion.sent(now, 1_200, 1_200);
        congestion.acked(stamp);
        congestion.told(now + ms(50), Told { round_trip: Some(ms(50)), lost_bytes: 0, marked: 0 });
        now += ms(50);
    }
    assert_eq!(congestion.window_bytes(), window);
}
