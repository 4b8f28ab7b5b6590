//! What each part of the self-test may take on a riscv32imc.
//!
//! A signature and its verification have the budgets of the design; a tenth more than was measured is the budget of everything
//! else. Stack is in bytes below whoever measures, heap in bytes above what was there before.

/// Most that one part may take.
pub(super) struct Budget {
    pub(super) part: &'static str,
    pub(super) instructions: u64,
    pub(super) stack: u64,
    pub(super) heap: u64,
}

const fn budget(part: &'static str, instructions: u64, stack: u64, heap: u64) -> Budget {
    Budget { part, instructions, stack, heap }
}

/// Instructions of the whole program in bytes: the core, the server's second look, the phones, and a reader of JSON.
pub(super) const TEXT_MAX: u64 = 600_000;

/// In the order in which they run.
pub(super) const BUDGETS: &[Budget] = &[
    budget("ed25519.derive", 1_400_000, 3_328, 256),
    budget("ed25519.sign", 1_400_000, 3_328, 0),
    budget("ed25519.take_key", 4_100_000, 6_400, 0),
    budget("ed25519.verify", 3_700_000, 8_192, 0),
    budget("ed25519.verify_forged", 3_700_000, 8_192, 256),
    budget("x25519", 4_100_000, 3_328, 0),
    budget("aead.seal_200", 23_000, 1_280, 0),
    budget("aead.open_200", 24_000, 1_280, 0),
    budget("sha256.200", 20_000, 1_024, 0),
    budget("vectors.request", 650_000_000, 11_264, 7_680),
    budget("vectors.response", 2_000_000_000, 12_544, 7_168),
    budget("vectors.push", 1_900_000_000, 12_544, 7_168),
    budget("vectors.record", 510_000_000, 11_264, 4_608),
    budget("vectors.keyset", 1_600_000_000, 11_520, 42_752),
    budget("vectors.register", 850_000_000, 12_544, 9_216),
    budget("vectors.chunked", 330_000_000, 12_544, 15_360),
    budget("vectors.batch", 910_000_000, 12_544, 7_680),
    budget("vectors.ed25519", 230_000_000, 8_704, 4_864),
    budget("vectors.ratings", 47_000_000, 2_048, 20_224),
    budget("vectors.draws", 91_000_000, 6_144, 27_392),
    budget("agreement.1000", 150_000_000, 2_560, 4_608),
    budget("pair.start", 8_200_000, 5_376, 1_536),
    budget("pair.answer", 7_000_000, 5_376, 768),
    budget("pair.confirm", 9_300_000, 9_472, 1_280),
    budget("pair.finish", 3_800_000, 9_472, 256),
    budget("pair.take_beat", 33_000, 2_560, 256),
    budget("pair.report_goal", 1_500_000, 5_120, 1_280),
    budget("pair.take_goal", 3_800_000, 9_728, 768),
    budget("pair.take_ack", 12_000, 2_048, 256),
    budget("match.official_10", 980_000_000, 48_384, 108_032),
    budget("match.settle_10", 150_000_000, 16_896, 31_232),
    budget("phone.read_view", 5_100_000, 9_728, 2_304),
    budget("device.prove", 1_500_000, 4_096, 1_024),
    budget("device.join", 9_400_000, 12_032, 6_656),
    budget("device.seen", 30_000, 2_816, 768),
    budget("power.start_device", 46_000_000, 41_728, 50_176),
    budget("power.cut_at_each_record", 1_090_000_000, 41_984, 50_944),
    budget("power.cut_at_bytes", 240_000_000, 41_984, 41_472),
    budget("power.master_at_goal_1", 430_000_000, 48_896, 68_864),
    budget("power.master_at_goal_2", 430_000_000, 48_896, 68_864),
    budget("power.master_at_goal_3", 440_000_000, 48_896, 68_864),
    budget("power.slave_in_play", 410_000_000, 48_384, 69_120),
];
