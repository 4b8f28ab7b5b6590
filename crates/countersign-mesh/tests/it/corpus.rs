//! The mesh's fuzz targets on the stable toolchain: the committed corpus, and mutations of it from a fixed seed.

// The bodies belong to the fuzzer; here they run in every test.
#[expect(unreachable_pub, reason = "the fuzzer builds the same file as a library")]
#[path = "../../../../fuzz/src/mesh.rs"]
mod mesh;
#[path = "../../../../fuzz/src/replay.rs"]
mod replay;

use replay::replay;

const MUTATIONS: u32 = 5_000;

#[test]
fn mesh_packet() {
    replay("mesh_packet", &mesh::good("mesh_packet"), mesh::mesh_packet, MUTATIONS);
}

#[test]
fn mesh_reassembly() {
    replay("mesh_reassembly", &mesh::good("mesh_reassembly"), mesh::mesh_reassembly, MUTATIONS);
}
