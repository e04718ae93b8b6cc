//! The package, as its Makefile makes it. Left out where there is no make, except in CI.

use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::{env, fs};

use super::{CONFIG, ROOT};
use crate::support::{Scratch, text};

/// What the package's Makefile uses of OpenWrt's build system, each file with its content.
const BUILD_SYSTEM: [(&str, &str); 2] = [
    (
        "rules.mk",
        "INCLUDE_DIR:=$(TOPDIR)\nINSTALL_DIR:=install -d -m0755\nINSTALL_BIN:=install -m0755\nINSTALL_CONF:=install -m0600\n\
         SED:=sed -i -e\n",
    ),
    (
        "package.mk",
        "PKG_BUILD_DIR:=$(TOPDIR)/build\nPKG_INSTALL_DIR:=$(TOPDIR)/installed\ndefine BuildPackage\n$(1):\n\
         \t$(call Build/Prepare)\n\t$(call Build/Compile)\n\t$(call Package/$(1)/install,$(TOPDIR)/root)\n\
         $(eval $(call Package/$(1)))\n$(file >$(TOPDIR)/$(1).control,$(TITLE):$(USERID):$(DEPENDS):$(PKG_BUILD_DEPENDS):$(VARIANT):$(CONFLICTS))\n\
         $(file >$(TOPDIR)/$(1).postinst,$(Package/$(1)/postinst))\n\
         $(file >$(TOPDIR)/$(1).conffiles,$(Package/$(1)/conffiles))\nendef\n",
    ),
];

/// Where Rust is in OpenWrt, and in older ones.
const RUST: &str = "rust-package.mk";
const OLDER_RUST: &str = "feeds/packages/lang/rust/rust-package.mk";

/// Prints what cargo was asked for.
const CARGO: &str = "define Build/Compile/Cargo\n\techo '$(CARGO_PKG_VARS)' cargo '$(RUST_PKG_FEATURES)' $(CARGO_PKG_ARGS) $(2)\nendef\n\
     CARGO_PKG_ARGS:=--offline\n";

/// Makes a package with a stand-in for OpenWrt's build system. Returns where, and what make printed.
fn make(package: &str, variant: &str, rust: (&str, &str)) -> Option<(Scratch, String)> {
    if Command::new("make").arg("--version").stdout(Stdio::null()).status().is_err() {
        assert!(env::var_os("CI").is_none(), "make is missing");
        return None;
    }
    let scratch = Scratch::new();
    for directory in ["feeds/packages/lang/rust", "installed/bin"] {
        fs::create_dir_all(scratch.path(directory)).expect("the directory is ours");
    }
    for (path, content) in BUILD_SYSTEM {
        scratch.file(path, content);
    }
    scratch.file(rust.0, &format!("{CARGO}{}", rust.1));
    scratch.file("installed/bin/parlord", "a program");
    let mut make = Command::new("make");
    make.args(["-C", "contrib/openwrt/parlor", package]).current_dir(ROOT);
    make.arg(format!("TOPDIR={}", text(&scratch.path("")))).arg(format!("BUILD_VARIANT={variant}"));
    let output = make.output().expect("there is make");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some((scratch, String::from_utf8(output.stdout).expect("it is text")))
}

#[test]
fn the_packages_are_made_of_this_repository() {
    let Some((whole, said)) = make("parlord", "default", (OLDER_RUST, "RUST_ARCH_DEPENDS:=@arm\n")) else {
        return;
    };
    assert!(
        said.contains(
            "CARGO_PROFILE_RELEASE_PANIC=abort cargo metrics,store,tls,tools,upgrade,web --locked --config"
        ),
        "{said}"
    );
    assert!(said.contains("--no-default-features --bin parlord"), "{said}");
    for file in
        ["Cargo.toml", "Cargo.lock", ".cargo/config.toml", "src/lib.rs", "web/index.html", "benches/index.rs"]
    {
        assert!(whole.path("build").join(file).exists(), "{file}");
    }
    let installed = |router: &Scratch, path: &str| {
        let path = router.path("root").join(path);
        let mode = fs::metadata(&path).expect("it is installed").permissions().mode() & 0o777;
        (mode, fs::read_to_string(path).expect("it is text"))
    };
    assert_eq!(installed(&whole, "usr/bin/parlord"), (0o755, "a program".into()));
    assert_eq!(installed(&whole, "etc/init.d/parlord").0, 0o755);
    assert_eq!(installed(&whole, "etc/config/parlord"), (0o600, CONFIG.into()));
    let read = |router: &Scratch, name: &str| fs::read_to_string(router.path(name)).expect("it is made");
    assert_eq!(read(&whole, "parlord.control"), "Chat server:parlord:parlord:@arm:rust/host:default:\n");
    assert_eq!(read(&whole, "parlord.conffiles"), "/etc/config/parlord\n/etc/parlord/\n");

    let Some((mini, said)) = make("parlord-mini", "mini", (RUST, "RUST_PKG_DEPENDS=@USE_RUST_TOOLCHAIN\n"))
    else {
        return;
    };
    assert!(said.contains(" cargo web --locked --config"), "{said}");
    assert!(
        read(&mini, "parlord-mini.control").ends_with(":parlord:parlord:@USE_RUST_TOOLCHAIN::mini:parlord\n")
    );
    let (_, config) = installed(&mini, "etc/config/parlord");
    assert!(config.contains("option memory") && !config.contains("history"));
    assert_eq!(read(&mini, "parlord-mini.postinst"), read(&whole, "parlord.postinst"));
}

/// What the script that follows an installation does: whether the server runs, and what it then asks of it.
#[test]
fn after_an_upgrade_of_the_package_the_new_program_takes_over() {
    let Some((whole, _)) = make("parlord", "default", (OLDER_RUST, "RUST_ARCH_DEPENDS:=@arm\n")) else {
        return;
    };
    let script = fs::read_to_string(whole.path("parlord.postinst")).expect("it is made");
    let init = whole.path("init");
    let script = script.replace("/etc/init.d/parlord", &format!("sh {}", text(&init)));
    for (runs, expected) in [("true", "running\nupgrade\n"), ("false", "running\n")] {
        let asked = whole.file("asked", "");
        let log = text(&asked);
        whole.file("init", &format!("echo $1 >>{log}\n[ $1 = upgrade ] || {runs}\n"));
        let status = Command::new("sh").args(["-c", &script]).env_remove("IPKG_INSTROOT").status();
        assert!(status.expect("there is sh").success());
        assert_eq!(fs::read_to_string(&asked).expect("it is there"), expected);
    }
}
