//! Prepares what the programs contain.
//!
//! The table of look-alikes, which skeletons of names are made with (`src/skeleton.rs`), is packed into four bytes per
//! character. The package has it as slices of slices, 350 KB in the program, and the loader writes to 160 KB of memory for it at
//! each start. Packed, it is 30 KB, none of which is written to.
//!
//! The page for browsers is compressed (`src/net/web/page.rs`).

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(feature = "store")]
    prototypes::write()?;
    #[cfg(feature = "web")]
    page::write()?;
    Ok(())
}

#[cfg(feature = "store")]
mod prototypes {
    use std::collections::BTreeMap;
    use std::error::Error;
    use std::path::Path;
    use std::{env, fs};

    use unicode_ident::is_xid_continue;
    use unicode_normalization::UnicodeNormalization;
    use unicode_security::confusable_detection::skeleton;

    /// Planes of Unicode with characters that names may have.
    const PLANES: usize = 4;

    /// Writes `prototypes.rs`: `TEXTS` has what characters look like, a line each; `PLANES` has for each plane
    /// of Unicode the lower 16 bits of the characters that look like others, in order, and where their text begins.
    pub(crate) fn write() -> Result<(), Box<dyn Error>> {
        let (mut texts, mut places, mut planes) = (String::new(), BTreeMap::new(), vec![Vec::new(); PLANES]);
        for (c, text) in in_names().filter_map(|c| Some((c, prototype(c)?))) {
            let place = *places.entry(text).or_insert_with_key(|text| {
                texts += text;
                texts.push('\n');
                texts.len() - text.len() - 1
            });
            let [low, high, plane, _] = u32::from(c).to_le_bytes();
            let plane =
                planes.get_mut(usize::from(plane)).ok_or("names have characters of a further plane")?;
            plane.push((u16::from_le_bytes([low, high]), u16::try_from(place)?));
        }
        let planes: String = planes.iter().map(|plane| format!("&{plane:?}, ")).collect();
        let code = format!(
            "static TEXTS: &str = {texts:?};\nstatic PLANES: [&[(u16, u16)]; {PLANES}] = [{planes}];\n"
        );
        Ok(fs::write(Path::new(&env::var("OUT_DIR")?).join("prototypes.rs"), code)?)
    }

    /// All characters beyond ASCII that names in NFKD may have, and some more.
    fn in_names() -> impl Iterator<Item = char> {
        let is_in_names = |c: &char| is_xid_continue(*c) || c.is_alphabetic();
        let is_in_nfkd = |c: &char| [*c].into_iter().nfkd().eq([*c]);
        ('\u{80}'..=char::MAX).filter(is_in_names).filter(is_in_nfkd)
    }

    /// What a character looks like, if that is another. Nothing looks like an invisible character, which names cannot
    /// have.
    fn prototype(c: char) -> Option<String> {
        let text: String = skeleton(c.encode_utf8(&mut [0; 4])).collect();
        (!text.is_empty() && !text.chars().eq([c])).then_some(text)
    }
}

#[cfg(feature = "web")]
mod page {
    use std::error::Error;
    use std::hash::{DefaultHasher, Hash, Hasher};
    use std::io::Write;
    use std::path::{Path, PathBuf};
    use std::{env, fs};

    use flate2::{Compression, GzBuilder};

    /// Most bytes of the page before compression.
    const MOST_BYTES: usize = 60_000;

    /// Writes `page.rs`: `FILES` has the path of each file, its ETag, and its content, compressed with gzip.
    pub(crate) fn write() -> Result<(), Box<dyn Error>> {
        println!("cargo::rerun-if-changed=web");
        let (root, out) = (Path::new("web"), PathBuf::from(env::var("OUT_DIR")?));
        let (mut files, mut bytes, mut code) = (Vec::new(), 0, String::new());
        find(root, &mut files)?;
        files.sort();
        for (n, file) in files.iter().enumerate() {
            let content = fs::read(file)?;
            bytes += content.len();
            let mut encoder = GzBuilder::new().write(Vec::new(), Compression::best());
            encoder.write_all(&content)?;
            let compressed = encoder.finish()?;
            let mut hasher = DefaultHasher::new();
            compressed.hash(&mut hasher);
            let (name, etag) = (format!("{n}.gz"), format!("\"{:016x}\"", hasher.finish()));
            fs::write(out.join(&name), compressed)?;
            let path = file.strip_prefix(root)?.to_str().ok_or("names of files of the page are UTF-8")?;
            code += &format!("(\"/{path}\", {etag:?}, include_bytes!({name:?})),\n");
        }
        if bytes > MOST_BYTES {
            return Err(format!("web/ has {bytes} bytes, and the page has at most {MOST_BYTES}").into());
        }
        let code = format!("static FILES: &[(&str, &str, &[u8])] = &[\n{code}];\n");
        Ok(fs::write(out.join("page.rs"), code)?)
    }

    /// Appends all files below `directory`, except those whose names begin with a dot.
    fn find(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            match entry.file_type()? {
                kind if kind.is_dir() => find(&entry.path(), files)?,
                _ => files.push(entry.path()),
            }
        }
        Ok(())
    }
}
