//! Logging in: what a cloud says of itself, tenants, subscriptions, and tokens.

use std::fmt;

use serde_json::{Value, json};

use crate::resource::SUBSCRIPTION;

use super::message::{ArmError, Request, Response, decoded};

/// A secret; it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Credential(String);

impl Credential {
    /// This text.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// Whether a text is this one. It takes as long whatever differs.
    fn is(&self, text: &str) -> bool {
        let own = self.0.as_bytes();
        let other = text.as_bytes();
        let differs = |(a, b): (&u8, &u8)| usize::from(a ^ b);
        let differing: usize = own.iter().zip(other).map(differs).sum();
        own.len() == other.len() && differing == 0
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credential")
    }
}

/// Who may do what, and what clients are told of this cloud.
#[derive(Clone, Debug)]
pub struct Cloud {
    /// Where clients reach it: `https://localhost:8443`, without a slash at the end.
    pub url: String,
    /// The subscription.
    pub subscription: String,
    /// The tenant.
    pub tenant: String,
    /// The secret of a login; none: any will do.
    pub secret: Option<Credential>,
    /// What tokens end with: a text that nobody can guess.
    pub signature: Credential,
}

/// The tenant of a cloud of its own.
pub const TENANT: &str = "11111111-1111-1111-1111-111111111111";

impl Cloud {
    /// What `az cloud register` reads: an object, in which URLs have no slash at the end.
    pub(super) fn metadata(&self) -> Response {
        let url = &self.url;
        let nowhere = "";
        Response::ok(json!({
            "name": "routehub",
            "portal": url,
            "resourceManager": url,
            "authentication": {
                "loginEndpoint": url,
                "audiences": [url],
                "tenant": "common",
                "identityProvider": "AAD",
            },
            "graph": url, "graphAudience": url, "microsoftGraphResourceId": url,
            "gallery": url, "batch": url, "media": url, "sqlManagement": url,
            "vmImageAliasDoc": url, "activeDirectoryDataLake": url,
            "logAnalyticsResourceId": url, "ossrDbmsResourceId": url,
            "suffixes": {
                "storage": nowhere, "keyVaultDns": nowhere, "sqlServerHostname": nowhere,
                "acrLoginServer": nowhere,
            },
        }))
    }

    /// How a tenant's tokens are had.
    pub(super) fn open_id(&self, tenant: &str) -> Response {
        let url = &self.url;
        Response::ok(json!({
            "issuer": format!("{url}/{tenant}/v2.0"),
            "authorization_endpoint": format!("{url}/{tenant}/oauth2/v2.0/authorize"),
            "token_endpoint": format!("{url}/{tenant}/oauth2/v2.0/token"),
            "jwks_uri": format!("{url}/{tenant}/discovery/v2.0/keys"),
            "response_types_supported": ["code", "token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
        }))
    }

    /// A token for whoever has the secret.
    pub(super) fn token(&self, request: &Request<'_>) -> Response {
        let form = String::from_utf8_lossy(request.body);
        let mut pairs = form.split('&').filter_map(|pair| pair.split_once('='));
        let given = pairs.find(|(key, _)| ["client_secret", "password"].contains(key));
        let given = given.map(|(_, value)| decoded(value)).unwrap_or_default();
        if let Some(secret) = &self.secret
            && !secret.is(&given)
        {
            return Response {
                status: 401,
                headers: Vec::new(),
                body: Some(json!({
                    "error": "invalid_client",
                    "error_description": "AADSTS7000215: Invalid client secret provided.",
                })),
            };
        }
        Response::ok(json!({
            "token_type": "Bearer",
            "expires_in": 86_399,
            "ext_expires_in": 86_399,
            "access_token": self.access_token(),
        }))
    }

    /// Text in the shape of a JWT.
    fn access_token(&self) -> String {
        let head = base64url(br#"{"alg":"none","typ":"JWT"}"#);
        let claims = json!({
            "aud": self.url, "iss": self.url, "tid": self.tenant, "oid": SUBSCRIPTION,
            "appid": "routehub", "sub": "routehub", "exp": 4_102_444_800_u64,
        });
        let claims = base64url(claims.to_string().as_bytes());
        format!("{head}.{claims}.{}", self.signature.0)
    }

    /// Whether a request comes from somebody who has logged in. Without a secret any token will do;
    /// that there is one keeps web pages out, which cannot send any.
    ///
    /// # Errors
    /// [`ArmError`] if not.
    pub(super) fn authorize(&self, request: &Request<'_>) -> Result<(), ArmError> {
        let unauthorized = |code, message: &str| Err(ArmError::new(401, code, message));
        let bearer = request.authorization.and_then(|given| {
            let (scheme, token) = given.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
        });
        match bearer {
            None => unauthorized(
                "AuthenticationFailed",
                "Authentication failed. The 'Authorization' header is missing.",
            ),
            Some(token) if self.secret.is_some() && !self.is_own(token) => unauthorized(
                "InvalidAuthenticationToken",
                "The access token is invalid. Log in with the token of this server as secret.",
            ),
            Some(_) => Ok(()),
        }
    }

    fn is_own(&self, token: &str) -> bool {
        let signature = token.rsplit('.').next().unwrap_or_default();
        self.signature.is(signature)
    }

    /// The subscription, as lists have it.
    pub(super) fn subscription(&self) -> Value {
        let subscription = &self.subscription;
        json!({
            "id": format!("/subscriptions/{subscription}"),
            "subscriptionId": subscription,
            "tenantId": self.tenant,
            "displayName": "routehub",
            "state": "Enabled",
            "authorizationSource": "RoleBased",
            "subscriptionPolicies": {"quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off"},
        })
    }

    /// The tenant, as lists have it.
    pub(super) fn tenant(&self) -> Value {
        let tenant = &self.tenant;
        json!({"id": format!("/tenants/{tenant}"), "tenantId": tenant, "displayName": "routehub"})
    }
}

/// Base64 with the alphabet for URLs, without padding.
fn base64url(octets: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for group in octets.chunks(3) {
        let at = |n: usize| u32::from(group.get(n).copied().unwrap_or_default());
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for place in 0..=group.len() {
            let index = (bits >> (18 - 6 * place)) & 63;
            text.push(char::from(ALPHABET[index as usize]));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cloud(secret: Option<&str>) -> Cloud {
        Cloud {
            url: "https://localhost:8443".into(),
            subscription: SUBSCRIPTION.into(),
            tenant: TENANT.into(),
            secret: secret.map(|text| Credential::new(text.into())),
            signature: Credential::new("guess".into()),
        }
    }

    #[test]
    fn base64_is_that_of_rfc_4648() {
        let texts = ["", "f", "fo", "foo", "foob"];
        let encoded = texts.map(|text| base64url(text.as_bytes()));
        assert_eq!(encoded, ["", "Zg", "Zm8", "Zm9v", "Zm9vYg"]);
    }

    #[test]
    fn with_a_secret_only_its_tokens_are_taken() {
        let cloud = cloud(Some("s cret"));
        let token = |body: &str| {
            cloud.token(&Request {
                body: body.as_bytes(),
                ..Request::default()
            })
        };
        assert_eq!(token("client_id=a&client_secret=other").status, 401);
        let answer = token("client_secret=s+cret").body.unwrap();
        let bearer = format!("Bearer {}", answer["access_token"].as_str().unwrap());
        let authorize = |authorization| {
            cloud.authorize(&Request {
                authorization,
                ..Request::default()
            })
        };
        assert_eq!(authorize(Some(&*bearer)), Ok(()));
        assert_eq!(authorize(Some("Bearer a.b.c")).unwrap_err().status, 401);
        assert_eq!(authorize(None).unwrap_err().status, 401);
    }

    #[test]
    fn without_a_secret_any_token_will_do() {
        let request = Request {
            authorization: Some("Bearer any"),
            ..Request::default()
        };
        assert_eq!(cloud(None).authorize(&request), Ok(()));
    }
}
