//! Colours, for light and dark pages.

/// Style and arrow heads. Colours that do not name their page are those of light ones: some programs
/// do not know of dark pages.
pub(super) const STYLE: &str = r##"<defs>
<marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path class="head" d="M0 0L10 5L0 10z"/></marker>
<marker id="arrow-heard" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path class="head heard" d="M0 0L10 5L0 10z"/></marker>
</defs>
<style>
text{font-family:"Segoe UI",Helvetica,Arial,"DejaVu Sans",sans-serif;fill:#1f2328}
.title{font-size:20px;font-weight:bold}
.name{font-size:13px;font-weight:bold}
.detail{font-size:11px}
.small{font-size:10px}
.centered{text-anchor:middle}
.detail{fill:#4c5560}
rect{stroke-width:1.5}
.page{fill:#ffffff;stroke:#d5dbe1;stroke-width:1}
.region rect{fill:none;stroke:#8c959f;stroke-dasharray:2 4}
.region text{fill:#59636e}
.vnet rect{fill:#f3f6fa;stroke:#9fb0c3}
.server rect{fill:#d8ecff;stroke:#0969da}
.gateway rect{fill:#efe5ff;stroke:#7a4fd0}
.nva rect{fill:#ffe9d5;stroke:#c05a10}
.balancer rect{fill:#fff4c2;stroke:#977300}
.nic rect{fill:#ffffff;stroke:#9fb0c3}
.circuit rect{fill:#d9f5e5;stroke:#1a7f4b}
.premises rect{fill:#f0eee6;stroke:#7d765f}
.internet rect{fill:#ffffff;stroke:#59636e}
.line{fill:none;stroke-width:1.5}
.session{stroke:#3d84d1}
.connection{stroke:#1f2328;stroke-width:2.2}
.backend{stroke:#977300;stroke-dasharray:1 3;stroke-linecap:round}
.transit{stroke:#7d8fa5;stroke-width:2.2}
.plain{stroke:#7d8fa5;stroke-width:2;stroke-dasharray:7 5}
.node.down rect{fill:#eceef0;stroke:#a8b0b8;stroke-dasharray:4 3}
.node.down text{fill:#848d97}
.line.down{stroke:#b3bac1;stroke-width:1.5;stroke-dasharray:2 4}
.on-way>rect{stroke:#c2187f;stroke-width:2.5}
.lost>rect{fill:#ffd9d6;stroke:#c9170c;stroke-width:3}
.used{stroke:#c2187f;stroke-width:2.6}
.heard{stroke:#c2187f;stroke-width:1.6;stroke-dasharray:4 3}
.leg{stroke:#c2187f;stroke-width:2.8}
.head{fill:#c2187f;stroke:none}
.step circle{fill:#c2187f}
.step text{fill:#ffffff;font-weight:bold}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}
.detail{fill:#aab4bf}
.page{fill:#0d1117;stroke:#30363d}
.region rect{stroke:#6e7681}
.region text{fill:#9aa4ae}
.vnet rect{fill:#161c24;stroke:#4b5b6d}
.server rect{fill:#0f2c4a;stroke:#4493f8}
.gateway rect{fill:#2a1f45;stroke:#ab8cf0}
.nva rect{fill:#3f2410;stroke:#e88a3c}
.balancer rect{fill:#372d08;stroke:#d3a92a}
.nic rect{fill:#0d1117;stroke:#4b5b6d}
.circuit rect{fill:#0d3220;stroke:#3fb572}
.premises rect{fill:#27251d;stroke:#a59d83}
.internet rect{fill:#0d1117;stroke:#9aa4ae}
.session{stroke:#6cb0ff}
.connection{stroke:#e6edf3}
.backend{stroke:#d3a92a}
.transit,.plain{stroke:#7488a0}
.node.down rect{fill:#1c2026;stroke:#545b64}
.node.down text{fill:#7d8590}
.line.down{stroke:#4a515a}
.on-way>rect{stroke:#ff77c2}
.lost>rect{fill:#4c1512;stroke:#ff6a60}
.used,.heard,.leg{stroke:#ff77c2}
.head,.step circle{fill:#ff77c2}
.step text{fill:#0d1117}
}
</style>
"##;
