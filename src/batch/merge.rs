//! Many PDFs as one, for the printer: pages in order, what they share written once, memory flat.
//!
//! Owns the copying of page trees. Each object is written as soon as its children are, under a number found by its
//! content, so a font or picture that a thousand certificates share stands once in the file. Structure tags, links and
//! conformance claims stay behind: the merged file is for printing; the single documents are the originals.

use std::collections::HashMap;
use std::io::Write;

use lopdf::{Dictionary, Document, Object, ObjectId, Writer};
use sha2::{Digest, Sha256};

/// A merge failed.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    /// A document cannot be read as PDF.
    #[error("`{file}` cannot be read as PDF")]
    Read {
        /// The document.
        file: String,
        /// The reason.
        source: lopdf::Error,
    },
    /// The merged file cannot be written.
    #[error("the merged file cannot be written")]
    Write(#[from] std::io::Error),
}

/// Keys of a page that its ancestors may hold for it (ISO 32000-1, table 30).
const INHERITED: [&[u8]; 4] = [b"Resources", b"MediaBox", b"CropBox", b"Rotate"];

/// Keys that lead out of the page, into trees that are not copied.
const LEFT_BEHIND: [&[u8]; 6] = [b"Parent", b"StructParents", b"StructParent", b"Tabs", b"Annots", b"P"];

/// Deepest nesting of objects followed in a page.
const DEPTH_MAX: usize = 64;

/// Kids in one node of the page tree.
const FAN_OUT: usize = 200;

/// Writes the merged file piece by piece.
pub struct Merge<W: Write> {
    output: W,
    position: u64,
    offsets: Vec<u64>,
    by_content: HashMap<[u8; 32], u32>,
    pages: Vec<u32>,
    nodes: Vec<u32>,
}

/// Numbers kept for the catalog and the root of the page tree.
const CATALOG: u32 = 1;
const ROOT: u32 = 2;

impl<W: Write> Merge<W> {
    /// Starts the file.
    pub fn new(output: W) -> Result<Self, MergeError> {
        let mut merge = Self { output, position: 0, offsets: vec![0; 2], by_content: HashMap::new(), pages: Vec::new(), nodes: Vec::new() };
        merge.put(b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")?;
        Ok(merge)
    }

    /// Adds all pages of one document; `file` names it in errors.
    pub fn add(&mut self, file: &str, bytes: &[u8]) -> Result<(), MergeError> {
        let unreadable = |source| MergeError::Read { file: file.to_owned(), source };
        let document = Document::load_mem(bytes).map_err(unreadable)?;
        let mut copied = HashMap::new();
        for page in document.get_pages().values() {
            let mut dictionary = document.get_dictionary(*page).map_err(unreadable)?.clone();
            for key in INHERITED {
                if !dictionary.has(key)
                    && let Some(value) = inherited(&document, &dictionary, key)
                {
                    dictionary.set(key, value);
                }
            }
            let copy = self.copy(&document, &Object::Dictionary(dictionary), &mut copied, 0)?;
            let Object::Dictionary(mut copy) = copy else { continue };
            let node = self.node_for_next_page();
            copy.set("Parent", Object::Reference((node, 0)));
            let number = self.write_new(&Object::Dictionary(copy))?;
            self.pages.push(number);
        }
        Ok(())
    }

    /// Writes the page tree, the catalog and the table; gives the writer back.
    pub fn finish(mut self) -> Result<W, MergeError> {
        let pages = std::mem::take(&mut self.pages);
        let nodes = std::mem::take(&mut self.nodes);
        for (node, kids) in nodes.iter().zip(pages.chunks(FAN_OUT)) {
            self.write_at(*node, &page_node(kids, kids.len(), Some(ROOT)))?;
        }
        self.write_at(ROOT, &page_node(&nodes, pages.len(), None))?;
        let mut catalog = Dictionary::new();
        catalog.set("Type", Object::Name(b"Catalog".to_vec()));
        catalog.set("Pages", Object::Reference((ROOT, 0)));
        self.write_at(CATALOG, &Object::Dictionary(catalog))?;
        self.table()?;
        self.output.flush()?;
        Ok(self.output)
    }

    /// The node that the next page hangs on: numbered when its first page comes, written at the end.
    fn node_for_next_page(&mut self) -> u32 {
        let index = self.pages.len() / FAN_OUT;
        if index == self.nodes.len() {
            let number = self.next_number();
            self.nodes.push(number);
        }
        self.nodes[index]
    }

    /// A copy of `object` in which every reference points into the merged file.
    fn copy(
        &mut self,
        document: &Document,
        object: &Object,
        copied: &mut HashMap<ObjectId, u32>,
        depth: usize,
    ) -> Result<Object, MergeError> {
        if depth > DEPTH_MAX {
            return Ok(Object::Null);
        }
        Ok(match object {
            Object::Reference(id) => {
                if let Some(number) = copied.get(id) {
                    return Ok(Object::Reference((*number, 0)));
                }
                let Ok(target) = document.get_object(*id) else { return Ok(Object::Null) };
                let copy = self.copy(document, target, copied, depth + 1)?;
                let number = self.write_shared(&copy)?;
                copied.insert(*id, number);
                Object::Reference((number, 0))
            }
            Object::Array(items) => {
                Object::Array(items.iter().map(|item| self.copy(document, item, copied, depth + 1)).collect::<Result<_, _>>()?)
            }
            Object::Dictionary(dictionary) => Object::Dictionary(self.copy_dictionary(document, dictionary, copied, depth)?),
            Object::Stream(stream) => {
                let mut stream = stream.clone();
                stream.dict = self.copy_dictionary(document, &stream.dict, copied, depth)?;
                Object::Stream(stream)
            }
            other => other.clone(),
        })
    }

    fn copy_dictionary(
        &mut self,
        document: &Document,
        dictionary: &Dictionary,
        copied: &mut HashMap<ObjectId, u32>,
        depth: usize,
    ) -> Result<Dictionary, MergeError> {
        let mut copy = Dictionary::new();
        for (key, value) in dictionary.iter() {
            if !LEFT_BEHIND.contains(&key.as_slice()) {
                copy.set(key.clone(), self.copy(document, value, copied, depth + 1)?);
            }
        }
        Ok(copy)
    }

    /// Writes an object unless one with the same content is there already.
    fn write_shared(&mut self, object: &Object) -> Result<u32, MergeError> {
        let mut bytes = Vec::new();
        Writer::write_object(&mut bytes, object).map_err(std::io::Error::other)?;
        let hash: [u8; 32] = Sha256::digest(&bytes).into();
        if let Some(number) = self.by_content.get(&hash) {
            return Ok(*number);
        }
        let number = self.next_number();
        self.put_object(number, &bytes)?;
        self.by_content.insert(hash, number);
        Ok(number)
    }

    fn write_new(&mut self, object: &Object) -> Result<u32, MergeError> {
        let number = self.next_number();
        self.write_at(number, object)?;
        Ok(number)
    }

    fn write_at(&mut self, number: u32, object: &Object) -> Result<(), MergeError> {
        let mut bytes = Vec::new();
        Writer::write_object(&mut bytes, object).map_err(std::io::Error::other)?;
        self.put_object(number, &bytes)
    }

    fn next_number(&mut self) -> u32 {
        self.offsets.push(0);
        self.offsets.len() as u32
    }

    fn put_object(&mut self, number: u32, bytes: &[u8]) -> Result<(), MergeError> {
        self.offsets[number as usize - 1] = self.position;
        self.put(format!("{number} 0 obj\n").as_bytes())?;
        self.put(bytes)?;
        self.put(b"\nendobj\n")
    }

    fn table(&mut self) -> Result<(), MergeError> {
        let start = self.position;
        let size = self.offsets.len() + 1;
        self.put(format!("xref\n0 {size}\n0000000000 65535 f \n").as_bytes())?;
        for offset in std::mem::take(&mut self.offsets) {
            let line = if offset == 0 { "0000000000 00000 f \n".to_owned() } else { format!("{offset:010} 00000 n \n") };
            self.put(line.as_bytes())?;
        }
        self.put(format!("trailer\n<< /Size {size} /Root {CATALOG} 0 R >>\nstartxref\n{start}\n%%EOF\n").as_bytes())
    }

    fn put(&mut self, bytes: &[u8]) -> Result<(), MergeError> {
        self.output.write_all(bytes)?;
        self.position += bytes.len() as u64;
        Ok(())
    }
}

fn page_node(kids: &[u32], count: usize, parent: Option<u32>) -> Object {
    let mut node = Dictionary::new();
    node.set("Type", Object::Name(b"Pages".to_vec()));
    node.set("Kids", Object::Array(kids.iter().map(|kid| Object::Reference((*kid, 0))).collect()));
    node.set("Count", Object::Integer(count as i64));
    if let Some(parent) = parent {
        node.set("Parent", Object::Reference((parent, 0)));
    }
    Object::Dictionary(node)
}

fn inherited(document: &Document, page: &Dictionary, key: &[u8]) -> Option<Object> {
    let mut node = page;
    for _ in 0..DEPTH_MAX {
        let parent = node.get(b"Parent").ok()?.as_reference().ok()?;
        node = document.get_dictionary(parent).ok()?;
        if let Ok(value) = node.get(key) {
            return Some(value.clone());
        }
    }
    None
}
