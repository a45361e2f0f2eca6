//! dev only
fn main() -> anyhow::Result<()> {
    fleetlab::ui::run(std::env::args().nth(1).map(Into::into))
}
