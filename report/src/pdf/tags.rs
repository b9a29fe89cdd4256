//! What the parts of the page are, for those who do not see it.

use pdf_writer::{
    types::{StructRole, TableHeaderScope},
    Finish, Name, Pdf, Rect, Ref, TextStr,
};

/// What a part of the page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The whole page.
    Document,
    /// The title.
    Title,
    /// A heading.
    Heading,
    /// A part with a heading.
    Section,
    /// A paragraph.
    Paragraph,
    /// What explains a figure.
    Caption,
    /// A picture or a drawing.
    Figure,
    /// A table.
    Table,
    /// A row of a table.
    Row,
    /// The cell that names what is in its row.
    Header,
    /// Another cell.
    Cell,
}

impl Role {
    fn kind(self) -> StructRole {
        match self {
            Self::Document => StructRole::Document,
            Self::Title => StructRole::H1,
            Self::Heading => StructRole::H2,
            Self::Section => StructRole::Sect,
            Self::Paragraph => StructRole::P,
            Self::Caption => StructRole::Caption,
            Self::Figure => StructRole::Figure,
            Self::Table => StructRole::Table,
            Self::Row => StructRole::TR,
            Self::Header => StructRole::TH,
            Self::Cell => StructRole::TD,
        }
    }

    /// The name of marked content of this role.
    pub fn name(self) -> Name<'static> {
        self.kind().to_name()
    }
}

/// A part of the page.
pub struct Element {
    role: Role,
    alt: Option<String>,
    bounds: Option<Rect>,
    children: Vec<Child>,
}

enum Child {
    Element(Element),
    /// Content of the page, by its number.
    Content(i32),
}

impl Element {
    /// A part without content.
    pub fn new(role: Role) -> Self {
        Self { role, alt: None, bounds: None, children: Vec::new() }
    }

    /// A figure with what it shows, in words, and where it is.
    pub fn figure(alt: &str, bounds: Rect) -> Self {
        Self { alt: Some(alt.to_owned()), bounds: Some(bounds), ..Self::new(Role::Figure) }
    }

    /// What it is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Adds a part of it.
    pub fn push(&mut self, element: Self) {
        self.children.push(Child::Element(element));
    }

    /// Adds content of the page.
    pub fn push_content(&mut self, number: i32) {
        self.children.push(Child::Content(number));
    }

    /// Writes it as `id`, and notes in `parents` which element has which content.
    pub fn write(
        &self,
        pdf: &mut Pdf,
        (id, parent, page): (Ref, Ref, Ref),
        next: &mut Ref,
        parents: &mut Vec<(i32, Ref)>,
    ) {
        let mut inner = Vec::new();
        let mut element = pdf.struct_element(id);
        element.kind(self.role.kind()).parent(parent).page(page);
        if let Some(alt) = &self.alt {
            element.alt(TextStr(alt));
        }
        if let Some(bounds) = self.bounds {
            element.attributes().push().layout().bbox(bounds);
        }
        if self.role == Role::Header {
            element.attributes().push().table().scope(TableHeaderScope::Row);
        }
        let mut children = element.children();
        for child in &self.children {
            match child {
                Child::Element(child) => {
                    let id = next.bump();
                    children.struct_element(id);
                    inner.push((child, id));
                }
                Child::Content(number) => {
                    children.marked_content_id(*number);
                    parents.push((*number, id));
                }
            }
        }
        children.finish();
        element.finish();
        for (child, child_id) in inner {
            child.write(pdf, (child_id, id, page), next, parents);
        }
    }
}
