#include "scenario.hpp"
namespace switchgear::interleave { 
std::vector<scenario> probes(){return {};}
std::vector<scenario> orders(){return {};}
std::vector<scenario> reloads(){return {};}
}
